import Models
import Testing
import Training

@Suite struct RecipeTests {
  /// The names that users rely on.
  static let models: Set = [
    "lenet", "lenet-max", "lenet5", "lenet5-1998", "alexnet", "alexnet-small", "alexnet-imagenet",
    "alexnet-half",
    "vgg11", "vgg11-small", "vgg16", "nin", "googlenet", "resnet18", "densenet",
  ]

  @Test func everyModelHasItsRecipesAndNothingElseHas() {
    for name in ["default", "notebook", "best"] { #expect(Recipe.models(of: name) == Self.models, "\(name)") }
    for name in ["book", "quick"] { #expect(Recipe.models(of: name).isSubset(of: Self.models), "\(name)") }
    #expect(Self.models.isSuperset(of: ModelRegistry.all.map(\.name)))
  }

  @Test(arguments: ModelRegistry.all.map(\.name))
  func everyRowResolves(model: String) throws {
    let recipes = Recipe.all(for: model)
    #expect(recipes.first?.name == "default")
    #expect(recipes.contains { $0.name == "notebook" } && recipes.contains { $0.name == "best" })
    for (name, text) in recipes {
      let settings = try SettingsResolver.resolve(
        model: model, commandLine: ["recipe": name], environment: [:], file: nil)
      #expect(settings.recipe == name)
      try settings.check(ranks: 4)
      #expect(text.hasPrefix("--"))
    }
  }

  @Test func aRecipeIsShownAsOneWouldTypeIt() throws {
    let book = try #require(Recipe.all(for: "lenet").first { $0.name == "book" })
    #expect(
      book.settings
        == "--initialization xavier --optimizer sgd --lr 0.9 --batch-size 256 --epochs 10 --decay all")
  }

  /// The table of formats: learning rate and batch.
  @Test(
    arguments: [
      ("lenet", 0.9, 256), ("alexnet", 0.01, 128), ("vgg11-small", 0.05, 128), ("nin", 0.1, 128),
      ("googlenet", 0.1, 128), ("resnet18", 0.05, 256), ("densenet", 0.1, 256),
    ] as [(String, Float, Int)])
  func theBookIsTheBooks(model: String, rate: Float, batch: Int) throws {
    _ = try #require(ModelRegistry.named(model))
    let settings = try SettingsResolver.resolve(
      model: model, commandLine: ["recipe": "book"], environment: [:], file: nil)
    #expect(settings.learningRate == rate && settings.batchSize == batch && settings.epochs == 10)
    #expect(settings.optimizer == .sgd && settings.momentum == 0 && settings.initialization == .xavier)
    #expect(settings.decay == .all && settings.weightDecay == 0 && settings.augmentation.isNone)
  }

  /// The notebooks' recipe turns on nothing but what it says.
  @Test(arguments: ModelRegistry.all.map(\.name))
  func theNotebooksTurnNothingOn(model: String) throws {
    let settings = try SettingsResolver.resolve(
      model: model, commandLine: ["recipe": "notebook"], environment: [:], file: nil)
    #expect(settings.optimizer == .adam && settings.learningRate == 0.001 && settings.epochs == 5)
    #expect(settings.augmentation.isNone && settings.mixup == 0 && settings.labelSmoothing == 0)
    #expect(settings.clipNorm == 0 && settings.ema == 0 && settings.weightDecay == 0)
    #expect(settings.schedule == .constant && settings.decay == .all && settings.earlyStopping == 0)
  }

  @Test func modelsOutsideTheBookHaveNoBookRecipe() {
    for model in ["vgg11", "vgg16", "lenet5"] { #expect(Recipe.settings("book", model: model) == nil) }
  }
}
