import Command
import Foundation

exit(CNNDist.run(Array(CommandLine.arguments.dropFirst())))
