/// The ten classes, in Fashion-MNIST's order, and how each is drawn.
///
/// Coordinates run from -1 to 1, x to the right and y down; tops and trousers are symmetrical, shoes point left.
enum Garment: Int, CaseIterable {
  case tShirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankleBoot

  /// Draws one garment of this class on an empty canvas.
  func draw(on canvas: Canvas, _ dice: Dice) {
    var dice = dice
    canvas.clear(
      Canvas.Placement(
        scale: SIMD2(dice.uniform(0.78...1.02), dice.uniform(0.78...1.02)), offset: dice.point(1.8),
        shear: dice.uniform(-0.12...0.12)))
    let paint = Self.paint(&dice)
    switch self {
    case .tShirt, .pullover, .coat, .shirt: drawTop(canvas, &dice, paint)
    case .trouser: drawTrouser(canvas, &dice, paint)
    case .dress: drawDress(canvas, &dice, paint)
    case .sandal: drawSandal(canvas, &dice, paint)
    case .sneaker: drawSneaker(canvas, &dice, paint)
    case .bag: drawBag(canvas, &dice, paint)
    case .ankleBoot: drawBoot(canvas, &dice, paint)
    }
  }

  private static func paint(_ dice: inout Dice) -> Canvas.Paint {
    let textures = Canvas.Paint.Texture.allCases
    return Canvas.Paint(
      shade: dice.uniform(60...245), texture: textures[dice.integer(below: textures.count)],
      period: dice.uniform(1.2...4), contrast: dice.uniform(0.1...0.6))
  }

  /// The same paint, lighter or darker by a visible step.
  private static func accent(_ paint: Canvas.Paint, _ dice: inout Dice) -> Canvas.Paint {
    let factor = paint.shade > 140 ? dice.uniform(0.25...0.6) : dice.uniform(1.5...2.2)
    return Canvas.Paint(shade: min(paint.shade * factor, 255))
  }

  // MARK: Tops

  /// A torso with sleeves; what tells the four apart is sleeves, hem, collar and opening.
  private func drawTop(_ canvas: Canvas, _ dice: inout Dice, _ paint: Canvas.Paint) {
    let isShort = self == .tShirt ? dice.chance(0.95) : self == .shirt && dice.chance(0.35)
    let shoulder = dice.uniform(0.42...0.56)
    let waist = shoulder * dice.uniform(0.82...1.08)
    let top = dice.uniform(-0.95 ... -0.82)
    let hem = self == .coat ? dice.uniform(0.8...1) : dice.uniform(0.62...0.9)
    let neck = dice.uniform(0.14...0.26)
    canvas.fill(
      [
        [-neck, top], [neck, top], [shoulder, top + 0.14], [waist, 0.1],
        [waist * dice.uniform(0.95...1.2), hem],
        [-waist * dice.uniform(0.95...1.2), hem], [-waist, 0.1], [-shoulder, top + 0.14],
      ], paint)
    let reach = isShort ? dice.uniform(0.24...0.4) : dice.uniform(0.2...0.42)
    let drop = isShort ? dice.uniform(0.3...0.5) : dice.uniform(1.1...1.5)
    let cuff = dice.uniform(0.16...0.24)
    canvas.fillTwice(
      [
        [shoulder - 0.1, top + 0.1], [shoulder + 0.06, top + 0.16],
        [shoulder + reach + 0.04, top + 0.16 + drop],
        [shoulder + reach - cuff, top + 0.22 + drop], [waist - 0.06, top + 0.62],
      ], paint)
    drawFront(canvas, &dice, paint, top: top, hem: hem, neck: neck)
  }

  private func drawFront(
    _ canvas: Canvas, _ dice: inout Dice, _ paint: Canvas.Paint, top: Float, hem: Float, neck: Float
  ) {
    let black = Canvas.Paint(shade: 0)
    let accent = Self.accent(paint, &dice)
    let depth = dice.uniform(0.08...0.2)
    canvas.fill([[-neck * 0.8, top - 0.05], [neck * 0.8, top - 0.05], [0, top + depth]], black)
    switch self {
    case .coat:
      if dice.chance(0.85) { canvas.stroke([0, top], [0, hem], width: dice.uniform(0.05...0.12), black) }
      if dice.chance(0.5) {
        canvas.fillTwice([[0.02, top + 0.1], [neck + 0.06, top], [0.08, top + 0.5]], accent)
      }
    case .shirt:
      if dice.chance(0.95) {
        canvas.fillTwice([[0, top + 0.14], [neck, top - 0.04], [neck + 0.12, top + 0.2]], accent)
      }
      let buttons = dice.chance(0.95) ? 3 + dice.integer(below: 3) : 0
      for button in 0..<buttons {
        let y = top + 0.3 + Float(button) * (hem - top - 0.3) / Float(buttons)
        canvas.stroke([0, y], [0, y + 0.11], width: 0.11, accent)
      }
    case .pullover:
      if dice.chance(0.5) { canvas.stroke([-0.5, hem - 0.05], [0.5, hem - 0.05], width: 0.09, accent) }
      if dice.chance(0.5) { canvas.stroke([-neck, top + 0.04], [neck, top + 0.04], width: 0.1, accent) }
    default:
      if dice.chance(0.5) {
        let print = dice.uniform(0.12...0.3)
        canvas.fill(
          [[-print, -0.4], [print, -0.4], [print, -0.4 + print], [-print, -0.4 + print]], accent)
      }
    }
  }

  private func drawDress(_ canvas: Canvas, _ dice: inout Dice, _ paint: Canvas.Paint) {
    let shoulder = dice.uniform(0.22...0.42)
    let waist = shoulder * dice.uniform(0.65...1)
    let skirt = dice.uniform(0.3...0.7)
    let middle = dice.uniform(-0.35...0)
    canvas.fill(
      [
        [-shoulder, -0.92], [shoulder, -0.92], [waist, middle], [skirt, 0.95], [-skirt, 0.95],
        [-waist, middle],
      ], paint)
    if dice.chance(0.4) {
      let drop = dice.uniform(0.3...1.1)
      canvas.fillTwice(
        [
          [shoulder - 0.06, -0.92], [shoulder + 0.05, -0.88], [shoulder + 0.25, -0.88 + drop],
          [shoulder + 0.08, -0.86 + drop], [waist, -0.5],
        ], paint)
    }
    let neck = shoulder * dice.uniform(0.4...0.8)
    canvas.fill(
      [[-neck, -0.95], [neck, -0.95], [0, dice.uniform(-0.85 ... -0.6)]], Canvas.Paint(shade: 0))
    if dice.chance(0.4) {
      canvas.stroke([-waist, middle], [waist, middle], width: 0.09, Self.accent(paint, &dice))
    }
  }

  private func drawTrouser(_ canvas: Canvas, _ dice: inout Dice, _ paint: Canvas.Paint) {
    let waist = dice.uniform(0.26...0.42)
    let fork = dice.uniform(-0.55 ... -0.2)
    let outer = waist * dice.uniform(0.8...1.35)
    let inner = outer - dice.uniform(0.16...0.3)
    canvas.fillTwice(
      [
        [0, -0.95], [waist, -0.95], [waist * 1.08, fork], [outer, 0.96], [max(inner, 0.03), 0.96], [0, fork],
      ], paint)
    if dice.chance(0.5) {
      canvas.stroke([-waist, -0.9], [waist, -0.9], width: 0.08, Self.accent(paint, &dice))
    }
  }

  // MARK: Shoes

  private func drawSneaker(_ canvas: Canvas, _ dice: inout Dice, _ paint: Canvas.Paint) {
    let heel = dice.uniform(-0.35 ... -0.1)
    let tongue = dice.uniform(-0.4 ... -0.1)
    canvas.fill(
      [
        [0.9, heel], [0.45, heel + 0.16], [dice.uniform(-0.05...0.25), tongue],
        [-0.5, dice.uniform(0...0.16)],
        [-0.95, dice.uniform(0.1...0.26)], [-0.97, 0.45], [0.93, 0.45],
      ], paint)
    let accent = Self.accent(paint, &dice)
    canvas.fill([[-0.98, 0.36], [0.95, 0.36], [0.95, 0.52], [-0.95, 0.52]], accent)
    for lace in 0..<dice.integer(below: 4) {
      let x = 0.05 - 0.2 * Float(lace)
      canvas.stroke([x, 0], [x + 0.12, 0.2], width: 0.07, accent)
    }
  }

  private func drawSandal(_ canvas: Canvas, _ dice: inout Dice, _ paint: Canvas.Paint) {
    let heel = dice.chance(0.4) ? dice.uniform(0.2...0.5) : 0.06
    let ground: Float = 0.5
    let arch = ground - heel
    canvas.fill(
      [
        [-0.95, ground - 0.1], [-0.3, ground - 0.12], [0.9, arch - 0.1], [0.95, arch], [-0.25, ground],
        [-0.95, ground],
      ],
      paint)
    canvas.fill([[0.72, arch - 0.04], [0.95, arch - 0.04], [0.92, ground], [0.76, ground]], paint)
    let straps = 2 + dice.integer(below: 4)
    for strap in 0..<straps {
      let x = -0.75 + 1.5 * Float(strap) / Float(straps) + dice.uniform(-0.1...0.1)
      let height = dice.uniform(0.25...0.6) + (x > 0.2 ? 0.15 : 0)
      canvas.stroke(
        [x, ground - 0.1], [x + dice.uniform(0.1...0.5), ground - height], width: dice.uniform(0.07...0.16),
        paint)
    }
    if dice.chance(0.5) { canvas.stroke([-0.1, 0.1], [0.85, arch - 0.2], width: 0.09, paint) }
    if dice.chance(0.5) { canvas.stroke([0.82, arch], [0.85, arch - 0.6], width: 0.1, paint) }
  }

  private func drawBoot(_ canvas: Canvas, _ dice: inout Dice, _ paint: Canvas.Paint) {
    let top = dice.uniform(-0.95 ... -0.5)
    let heel = dice.uniform(0...0.22)
    let front = dice.uniform(-0.1...0.2)
    canvas.fill(
      [
        [0.85, top], [front + 0.05, top], [front, dice.uniform(-0.2...0.05)],
        [-0.5, dice.uniform(0.1...0.3)],
        [-0.92, 0.4], [-0.92, 0.62], [0, 0.62], [0.3, 0.62 - heel * 0.5], [0.92, 0.62 - heel],
      ], paint)
    canvas.fill([[0.5, 0.6 - heel], [0.92, 0.6 - heel], [0.9, 0.74], [0.55, 0.74]], paint)
    let accent = Self.accent(paint, &dice)
    if dice.chance(0.5) { canvas.stroke([-0.92, 0.62], [0.2, 0.62], width: 0.1, accent) }
    if dice.chance(0.4) { canvas.stroke([0.5, top + 0.1], [0.5, 0.3], width: 0.08, accent) }
  }

  // MARK: Bags

  private func drawBag(_ canvas: Canvas, _ dice: inout Dice, _ paint: Canvas.Paint) {
    let width = dice.uniform(0.6...0.95)
    let top = dice.uniform(-0.45...0.05)
    let bottom = dice.uniform(0.6...0.9)
    let taper = dice.uniform(0.75...1.05)
    canvas.fill(
      [[-width * taper, top], [width * taper, top], [width, bottom], [-width, bottom]], paint)
    let accent = Self.accent(paint, &dice)
    if dice.chance(0.8) {
      let reach = dice.uniform(0.25...0.6)
      let peak = top - dice.uniform(0.2...0.5)
      let strap = dice.uniform(0.07...0.14)
      canvas.stroke([-reach, top], [-reach * 0.6, peak], width: strap, paint)
      canvas.stroke([-reach * 0.65, peak], [reach * 0.65, peak], width: strap, paint)
      canvas.stroke([reach, top], [reach * 0.6, peak], width: strap, paint)
    }
    if dice.chance(0.5) {
      canvas.stroke([-width * taper, top + 0.3], [width * taper, top + 0.3], width: 0.07, accent)
    }
    if dice.chance(0.5) {
      canvas.fill([[-0.1, top + 0.2], [0.1, top + 0.2], [0.1, top + 0.4], [-0.1, top + 0.4]], accent)
    }
  }
}
