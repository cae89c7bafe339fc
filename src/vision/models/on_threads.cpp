#include "vision/models/on_threads.h"

#include <ATen/ATen.h>
#include <ATen/TensorIterator.h>

namespace hanok::vision {

// at::parallel_for is a template that goes on one thread where OpenMP is not compiled in. What goes over the elements
// of a tensor was compiled within libtorch: here they are the numbers of the work.
void on_threads(int64_t n, const std::function<void(int64_t, int64_t)>& work) {
  if (n <= 0) return;
  if (n == 1) return work(0, 1);
  at::Tensor numbers = at::arange(n, at::kLong);
  auto each = at::TensorIterator::nullary_op(numbers);
  each.for_each(
      [&](char** data, const int64_t* /*strides*/, int64_t count) {
        const int64_t begin = *reinterpret_cast<const int64_t*>(data[0]);
        work(begin, begin + count);
      },
      /*grain_size=*/1);
}

}  // namespace hanok::vision
