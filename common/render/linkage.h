// Average linkage (UPGMA): which items are alike, as a tree and as an order of items.
#pragma once

#include <cstddef>
#include <vector>

namespace eida::render {

// Two clusters joined. Items are clusters 0..n-1, the k-th merge makes cluster n + k; left < right.
struct Merge {
  size_t left = 0, right = 0;
  double height = 0;  // mean distance between the items of the two
  size_t size = 0;    // items of both
};

struct Linkage {
  std::vector<Merge> merges;   // n - 1, heights not falling; as scipy.cluster.hierarchy.linkage
  std::vector<size_t> leaves;  // the items from left to right, as scipy's leaves_list
};

// `distances` is n x n and symmetric; its diagonal is not looked at. A NaN is a distance that is
// not known: means are over the known ones, and clusters without any join last, at the largest
// height. Of equal heights the pair with the lower numbers is first. O(n^3).
Linkage AverageLinkage(const std::vector<std::vector<double>>& distances);

}  // namespace eida::render
