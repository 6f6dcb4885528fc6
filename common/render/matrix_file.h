// A matrix as data: CSV with labels, NPY.
#pragma once

#include <string>
#include <vector>

namespace eida::render {

// Labels in the first row and column; numbers in shortest round-trip form, NaN as an empty field.
// REQUIRES: a row and a column of `values` for each label.
std::string MatrixToCsv(const std::vector<std::string>& rows,
                        const std::vector<std::string>& columns,
                        const std::vector<std::vector<double>>& values);

inline std::string MatrixToCsv(const std::vector<std::string>& labels,
                               const std::vector<std::vector<double>>& values) {
  return MatrixToCsv(labels, labels, values);
}

// NumPy's .npy format 1.0: float64, C order.
std::string MatrixToNpy(const std::vector<std::vector<double>>& values);

}  // namespace eida::render
