// Which members of a matrix are its rows and its columns, and in what order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/results.h"

namespace eida::client {

// Indexes into the matrix' members.
struct Arrangement {
  std::string order = "grid";
  std::vector<size_t> rows, columns;
  std::optional<render::Linkage> tree;  // of order "cluster", whose leaves the columns are
  bool square = true;                   // rows and columns are the same members
};

// The orders that --order takes: grid (of the sweep file), rank, seed, cluster.
const std::vector<std::string>& Orders();

// "rank": by the adapter's r, runs without one last; "seed": by seed, then variant; "cluster":
// average linkage on 1 - CKA, or on the gap or barrier itself. Of a matrix between two selections
// the first are the rows, the second the columns. InvalidArgument for an order that is none, or for
// clusters of such a matrix.
Result<Arrangement> Arrange(const Matrix& matrix, const SweepData& data, const std::string& order);

// The cells of a square of members as arranged.
std::vector<std::vector<double>> Arranged(const Arrangement& arrangement,
                                          const std::vector<std::vector<double>>& square);
std::vector<std::string> Arranged(const std::vector<size_t>& members,
                                  const std::vector<std::string>& texts);

}  // namespace eida::client
