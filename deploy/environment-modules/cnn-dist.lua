-- An Lmod module; put it to MODULEPATH as cnn-dist/0.1.0.lua. Its only line to change is the prefix of scripts/install.
local prefix = "/opt/cnn-dist/0.1.0"

help([[cnn-dist trains convolutional networks on many ranks over MPI, on processors.
  mpirun cnn-dist train vgg11       sbatch $CNN_DIST_SHARE/slurm/cnn-dist.sbatch vgg11 --run DIR]])
whatis("Name: cnn-dist")
whatis("Version: 0.1.0")

-- The MPI library that `cnn-dist --version` names.
depends_on("openmpi/4.1")
prepend_path("PATH", pathJoin(prefix, "bin"))
setenv("CNN_DIST_SHARE", pathJoin(prefix, "share/cnn-dist"))
-- A choice of OpenBLAS's kernels that a site makes for all would change speed and last bits.
unsetenv("OPENBLAS_CORETYPE")
