/*
 * The part of MPI that this project uses, in a form that Swift can import.
 *
 * Why it exists: MPI_COMM_WORLD, MPI_FLOAT, MPI_SUM, MPI_IN_PLACE and MPI_ERRORS_RETURN are macros with casts (and
 * differ between MPI libraries), so Swift's importer leaves them out. <mpi.h> is seen by cmpi.c alone.
 *
 * - Every function returns 0 or an MPI error code, for cmpi_error_text; none ends the process but cmpi_abort.
 * - Counts have 64 bits; MPI's have 31, so transfers are cut into chunks. Every rank must use the same chunk size.
 * - MPI runs with MPI_THREAD_FUNNELED: the thread that calls cmpi_init makes every later call. Only cmpi_abort may
 *   come from another thread: then the run is lost anyway.
 */
#ifndef CMPI_H
#define CMPI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A communicator that returns errors instead of ending the process. */
typedef struct cmpi_communicator cmpi_communicator;

typedef enum { CMPI_FLOAT = 0, CMPI_DOUBLE = 1, CMPI_INT64 = 2 } cmpi_type;
typedef enum { CMPI_SUM = 0, CMPI_MAX = 1 } cmpi_operation;

/* Status codes of this shim itself; MPI's own are positive. */
enum { CMPI_NO_THREAD_SUPPORT = -1, CMPI_NO_MEMORY = -2, CMPI_BAD_ARGUMENT = -3 };

/* Elements moved by one MPI call at most: 256 MiB of floats. */
enum { CMPI_CHUNK = 1 << 26 };

/* Long enough for every text that this shim writes. */
enum { CMPI_TEXT_CAPACITY = 1024 };

/* Non-zero between cmpi_init and cmpi_finalize. */
int cmpi_is_running(void);
/* Non-zero once MPI has been finalised: it cannot be started again. */
int cmpi_is_finalized(void);
int cmpi_init(void);
int cmpi_finalize(void);

/* Duplicates MPI_COMM_WORLD. `chunk` is the number of elements that one MPI call moves, 1 to CMPI_CHUNK. */
int cmpi_open_world(int64_t chunk, cmpi_communicator **opened);
int cmpi_close(cmpi_communicator *communicator);

int cmpi_rank(const cmpi_communicator *communicator, int *rank);
int cmpi_size(const cmpi_communicator *communicator, int *size);
/* Rank and size among the ranks that share this machine's memory. Collective. */
int cmpi_local(const cmpi_communicator *communicator, int *rank, int *size);
/* Writes the host's name, terminated; `text` holds CMPI_TEXT_CAPACITY bytes. */
int cmpi_processor_name(char *text);

int cmpi_broadcast(const cmpi_communicator *communicator, void *bytes, int64_t count, int root);
/* In place: every rank gives `count` values and gets the same result. */
int cmpi_all_reduce(
    const cmpi_communicator *communicator, void *values, int64_t count, cmpi_type type, cmpi_operation operation);
/* Every rank gives `count` bytes; `all` receives size * count bytes in the order of ranks. */
int cmpi_all_gather(const cmpi_communicator *communicator, const void *bytes, int64_t count, void *all);
/* Sends `count` bytes to rank `peer` and receives as many from it, at once; at most CMPI_CHUNK. */
int cmpi_exchange(
    const cmpi_communicator *communicator, const void *sent, void *received, int64_t count, int peer);
/*
 * Begins to send to rank `peer` and to receive from it; cmpi_exchange_end waits until both are done. Two may be under way, as
 * number 0 and 1; pieces arrive in the order in which they were begun. Counts are bytes, at most CMPI_CHUNK.
 */
int cmpi_exchange_begin(
    cmpi_communicator *communicator, int number, const void *sent, int64_t sent_count, void *received,
    int64_t received_count, int peer);
int cmpi_exchange_end(cmpi_communicator *communicator, int number);
int cmpi_barrier(const cmpi_communicator *communicator);

/* Ends every rank of the job; mpirun exits with `code`. */
int cmpi_abort(int code);

/* What a status means; `text` holds CMPI_TEXT_CAPACITY bytes. */
void cmpi_error_text(int status, char *text);
/* The MPI library that this was compiled against, for example "Open MPI 4.1.4". */
void cmpi_compiled_version(char *text);
/* The MPI library that is loaded, in its own words. */
void cmpi_library_version(char *text);

#ifdef __cplusplus
}
#endif

#endif
