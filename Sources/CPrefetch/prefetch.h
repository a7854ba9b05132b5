// The processor's instruction that asks for a cache line, which Swift has no word for: a load would wait for it. The article on
// kernels says what it brings. An address where nothing is does no harm.

static inline __attribute__((always_inline)) void prefetchForReading(const float *line) {
  __builtin_prefetch(line, 0, 3);
}

static inline __attribute__((always_inline)) void prefetchForWriting(const float *line) {
  __builtin_prefetch(line, 1, 3);
}
