// The product of two 128-bit numbers, which clang calls for wasm64 to see
// whether that of two sizes overflows, and which is in no library of a module
// without any. Weak: where the compiler's library is linked, either will do. On
// wasm32 nothing calls it.
#ifdef __wasm64__
extern "C" [[gnu::weak]] __int128 __multi3(__int128 left, __int128 right) {
  using Word = unsigned long long;
  constexpr Word half = 0xFFFFFFFF;
  const Word a = static_cast<Word>(left), b = static_cast<Word>(right);
  const Word low = (a & half) * (b & half);
  const Word cross = (a >> 32) * (b & half) + (low >> 32);
  const Word cross_too = (a & half) * (b >> 32) + (cross & half);
  const Word high = (a >> 32) * (b >> 32) + (cross >> 32) + (cross_too >> 32) +
                    a * static_cast<Word>(right >> 64) +
                    b * static_cast<Word>(left >> 64);
  const Word lowest = cross_too << 32 | (low & half);
  return static_cast<__int128>(static_cast<unsigned __int128>(high) << 64 |
                               lowest);
}
#endif
