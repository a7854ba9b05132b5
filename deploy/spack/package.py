"""A recipe for Spack, as an example: put it into a repository as packages/cnn_dist/package.py (cnn-dist/ before Spack 1.0).

Spack has no Swift: the toolchain is an external package (packages.yaml: swift: externals: [{spec: swift@6.2, prefix: /opt/swift/usr}]),
and libraries of Swift's package registry are fetched while it builds.
"""

from spack.package import *


class CnnDist(Package):
    """Trains convolutional networks by synchronous data parallelism over MPI, on processors."""

    # Where the clone is that the machines build from.
    git = "file:///srv/git/cnn-dist"

    license("Apache-2.0")

    version("main", branch="main")

    depends_on("swift@6.2:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("openmpi@4.1")
    depends_on("openblas threads=pthreads")
    depends_on("zlib-api")
    depends_on("openssl@3:")
    depends_on("curl")
    depends_on("libpng")

    requires("target=x86_64_v3:", msg="AVX2 is needed")

    def install(self, spec, prefix):
        swift = which("swift", required=True)
        swift("build", "-c", "release", "--product", "cnn-dist", "--static-swift-stdlib", "--scratch-path", ".build-static")
        bash = which("bash", required=True)
        bash("scripts/install", "--no-build", "--prefix", prefix)
