import Kernels

extension VectorKernelSet {
  public static func fusedMultiplyAdds(rounds: Int) -> (count: Int, result: Float) {
    // Two units that each take four cycles want eight chains; twelve of them fit every register file but AVX2's, where a
    // vector is two registers and six chains are twelve.
    let (factor, term) = (Vector(repeating: 0.999), Vector(repeating: 1e-3))
    var (a, b, c) = (Vector(repeating: 1), Vector(repeating: 2), Vector(repeating: 3))
    var (d, e, f) = (Vector(repeating: 4), Vector(repeating: 5), Vector(repeating: 6))
    #if X86_64_V4
      var (g, h, i) = (Vector(repeating: 7), Vector(repeating: 8), Vector(repeating: 9))
      var (j, k, l) = (Vector(repeating: 10), Vector(repeating: 11), Vector(repeating: 12))
      let chains = 12
    #else
      let chains = 6
    #endif
    for _ in 0..<rounds {
      a = term.addingProduct(factor, a)
      b = term.addingProduct(factor, b)
      c = term.addingProduct(factor, c)
      d = term.addingProduct(factor, d)
      e = term.addingProduct(factor, e)
      f = term.addingProduct(factor, f)
      #if X86_64_V4
        g = term.addingProduct(factor, g)
        h = term.addingProduct(factor, h)
        i = term.addingProduct(factor, i)
        j = term.addingProduct(factor, j)
        k = term.addingProduct(factor, k)
        l = term.addingProduct(factor, l)
      #endif
    }
    var sum = (a + b) + (c + d) + (e + f)
    #if X86_64_V4
      sum += (g + h) + (i + j) + (k + l)
    #endif
    return (rounds * chains * lanes, total(sum))
  }

  private static var tileRows: Int { 4 * BlockProducts.tileRows }

  public static func tileScratch(inner: Int) -> Int {
    tileRows * inner + (inner + tileRows) * BlockProducts.tileColumns
  }

  public static func tileProducts(inner: Int, rounds: Int, scratch: MutableFloats) -> Int {
    let (rows, columns) = (tileRows, BlockProducts.tileColumns)
    let a = BlockMatrix(base: scratch, rows: rows)
    let b = BlockMatrix(base: scratch + rows * inner, rows: inner)
    let c = BlockMatrix(base: scratch + rows * inner + inner * columns, rows: rows)
    for _ in 0..<rounds {
      BlockProducts.multiply(a, b, into: c, rows: rows, inner: inner, columns: columns, adding: false)
    }
    return rounds * rows * inner * columns
  }
}
