#%Module1.0
# The same for Environment Modules (Tcl); put it to MODULEPATH as cnn-dist/0.1.0.
set prefix /opt/cnn-dist/0.1.0

proc ModulesHelp {} { puts stderr "cnn-dist trains convolutional networks on many ranks over MPI, on processors." }
module-whatis "cnn-dist 0.1.0"

# The MPI library that `cnn-dist --version` names.
prereq openmpi/4.1
prepend-path PATH $prefix/bin
setenv CNN_DIST_SHARE $prefix/share/cnn-dist
unsetenv OPENBLAS_CORETYPE
