import Exports
import Foundation
import Models
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct PictureTests {
  /// Every number that a picture of LeNet must show, and in which order.
  @Test func lenetIsDrawnFromTopToBottom() throws {
    let texts = try Self.texts(SVGText.of(try architecture("lenet")))
    #expect(
      texts == [
        "lenet", "61,706 parameters, images of 1×28×28, 10 outputs", "1×28×28", "5×5 Conv, 6", "pad 2", "156",
        "Sigmoid", "6×28×28", "2×2 AvgPool", "stride 2", "6×14×14", "5×5 Conv, 16", "2,416", "Sigmoid",
        "16×10×10", "2×2 AvgPool", "stride 2", "16×5×5", "Flatten", "400", "Linear, 120", "48,120", "Sigmoid",
        "120", "Linear, 84", "10,164", "Sigmoid", "84", "Linear, 10", "850", "10",
      ])
  }

  /// Nothing lies outside of the picture, and no two boxes overlap.
  @Test(arguments: ModelRegistry.all.map(\.name))
  func boxesStandApartWithinThePage(name: String) throws {
    let root = try Self.root(SVGText.of(try architecture(name)))
    let rectangles = try Self.elements("rect", in: root).map(Rectangle.init)
    let page = try #require(rectangles.first { $0.style == "page" })
    let boxes = rectangles.filter { !["page", "frame", "change", "junction"].contains($0.style) }
    #expect(boxes.count > 5)
    for rectangle in rectangles { #expect(page.contains(rectangle), "\(rectangle)") }
    for (index, box) in boxes.enumerated() {
      for other in boxes[(index + 1)...] { #expect(!box.overlaps(other), "\(box) \(other)") }
    }
  }

  /// A frame takes in every node that is named within it, so that arrows stand behind all frames.
  @Test func arrowsOfDotStandBehindItsFrames() throws {
    let lines = DotText.of(try architecture("googlenet")).split(separator: "\n")
    let frames = lines.indices.filter { lines[$0].contains("subgraph cluster_") }
    let arrows = lines.indices.filter { lines[$0].contains(" -> ") }
    #expect(frames.count == 9)
    #expect(try #require(arrows.first) > #require(frames.last))
    #expect(lines.count { $0.contains("label=\"concat\"") } == 9)
    #expect(lines.contains { $0.contains("[label=\"5×5 Conv, 32\\npad 2\\n12,832\"") })
  }

  private struct Rectangle: CustomStringConvertible {
    let style: String
    let (x, y, width, height): (Int, Int, Int, Int)

    init(_ element: XMLElement) throws {
      // attribute(forName:) finds none in a document with a namespace.
      func text(_ name: String) throws -> String {
        try #require(element.attributes?.first { $0.name == name }?.stringValue)
      }
      func number(_ name: String) throws -> Int { try #require(Int(try text(name))) }
      style = try text("class")
      (x, y) = (try number("x"), try number("y"))
      (width, height) = (try number("width"), try number("height"))
    }

    func contains(_ other: Rectangle) -> Bool {
      other.x >= x && other.y >= y && other.x + other.width <= x + width
        && other.y + other.height <= y + height
    }

    func overlaps(_ other: Rectangle) -> Bool {
      x < other.x + other.width && other.x < x + width && y < other.y + other.height
        && other.y < y + height
    }

    var description: String { "\(style) \(x),\(y) \(width)x\(height)" }
  }

  private static func root(_ svg: String) throws -> XMLElement {
    try #require(try XMLDocument(xmlString: svg).rootElement())
  }

  private static func elements(_ name: String, in root: XMLElement) -> [XMLElement] {
    (root.children ?? []).compactMap { $0 as? XMLElement }
      .flatMap { ($0.name == name ? [$0] : []) + elements(name, in: $0) }
  }

  private static func texts(_ svg: String) throws -> [String] {
    elements("text", in: try root(svg)).compactMap(\.stringValue)
  }
}
