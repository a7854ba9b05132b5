#include "cmpi.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert(CMPI_TEXT_CAPACITY >= MPI_MAX_ERROR_STRING, "error texts fit");
_Static_assert(CMPI_TEXT_CAPACITY >= MPI_MAX_PROCESSOR_NAME, "host names fit");

struct cmpi_communicator {
  MPI_Comm handle;
  int64_t chunk;
  /* Of the exchanges that are under way: what is sent, what is received. */
  MPI_Request pending[2][2];
};

int cmpi_is_running(void) {
  int started = 0;
  MPI_Initialized(&started);
  return started && !cmpi_is_finalized();
}

int cmpi_is_finalized(void) {
  int finalized = 0;
  MPI_Finalized(&finalized);
  return finalized;
}

int cmpi_init(void) {
  int provided = MPI_THREAD_SINGLE;
  int status = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
  if (status != MPI_SUCCESS) return status;
  return provided < MPI_THREAD_FUNNELED ? CMPI_NO_THREAD_SUPPORT : 0;
}

int cmpi_finalize(void) { return MPI_Finalize(); }

int cmpi_open_world(int64_t chunk, cmpi_communicator **opened) {
  if (chunk < 1 || chunk > CMPI_CHUNK) return CMPI_BAD_ARGUMENT;
  cmpi_communicator *communicator = malloc(sizeof *communicator);
  if (communicator == NULL) return CMPI_NO_MEMORY;
  communicator->chunk = chunk;
  /* Errors that belong to no communicator go to the world's handler, so the world must return them too. */
  int status = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (status == MPI_SUCCESS) status = MPI_Comm_dup(MPI_COMM_WORLD, &communicator->handle);
  if (status != MPI_SUCCESS) {
    free(communicator);
    return status;
  }
  status = MPI_Comm_set_errhandler(communicator->handle, MPI_ERRORS_RETURN);
  if (status != MPI_SUCCESS) {
    MPI_Comm_free(&communicator->handle);
    free(communicator);
    return status;
  }
  *opened = communicator;
  return 0;
}

int cmpi_close(cmpi_communicator *communicator) {
  int status = MPI_Comm_free(&communicator->handle);
  free(communicator);
  return status;
}

int cmpi_rank(const cmpi_communicator *communicator, int *rank) {
  return MPI_Comm_rank(communicator->handle, rank);
}

int cmpi_size(const cmpi_communicator *communicator, int *size) {
  return MPI_Comm_size(communicator->handle, size);
}

int cmpi_local(const cmpi_communicator *communicator, int *rank, int *size) {
  MPI_Comm local;
  int status = MPI_Comm_split_type(communicator->handle, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &local);
  if (status != MPI_SUCCESS) return status;
  status = MPI_Comm_rank(local, rank);
  if (status == MPI_SUCCESS) status = MPI_Comm_size(local, size);
  int freed = MPI_Comm_free(&local);
  return status != MPI_SUCCESS ? status : freed;
}

int cmpi_processor_name(char *text) {
  int length = 0;
  int status = MPI_Get_processor_name(text, &length);
  text[status == MPI_SUCCESS ? length : 0] = 0;
  return status;
}

/* The part of `count` that starts at `done` and fits in one call. */
static int chunk_at(const cmpi_communicator *communicator, int64_t done, int64_t count) {
  int64_t left = count - done;
  return (int)(left < communicator->chunk ? left : communicator->chunk);
}

int cmpi_broadcast(const cmpi_communicator *communicator, void *bytes, int64_t count, int root) {
  for (int64_t done = 0; done < count;) {
    int part = chunk_at(communicator, done, count);
    int status = MPI_Bcast((char *)bytes + done, part, MPI_BYTE, root, communicator->handle);
    if (status != MPI_SUCCESS) return status;
    done += part;
  }
  return 0;
}

int cmpi_all_reduce(
    const cmpi_communicator *communicator, void *values, int64_t count, cmpi_type type, cmpi_operation operation) {
  MPI_Datatype datatype = type == CMPI_FLOAT ? MPI_FLOAT : type == CMPI_DOUBLE ? MPI_DOUBLE : MPI_INT64_T;
  MPI_Op op = operation == CMPI_SUM ? MPI_SUM : MPI_MAX;
  int64_t width = type == CMPI_FLOAT ? sizeof(float) : 8;
  for (int64_t done = 0; done < count;) {
    int part = chunk_at(communicator, done, count);
    int status =
        MPI_Allreduce(MPI_IN_PLACE, (char *)values + done * width, part, datatype, op, communicator->handle);
    if (status != MPI_SUCCESS) return status;
    done += part;
  }
  return 0;
}

/*
 * One chunk of an all-gather whose pieces lie `stride` bytes apart: the received type is `part` bytes whose extent
 * is the stride, so displacements never pass through a C int.
 */
static int gather_strided(
    const cmpi_communicator *communicator, const void *bytes, int part, int64_t stride, void *all) {
  MPI_Datatype piece, spaced;
  int status = MPI_Type_contiguous(part, MPI_BYTE, &piece);
  if (status != MPI_SUCCESS) return status;
  status = MPI_Type_create_resized(piece, 0, (MPI_Aint)stride, &spaced);
  int freed = MPI_Type_free(&piece);
  if (status != MPI_SUCCESS) return status;
  if (freed == MPI_SUCCESS) status = MPI_Type_commit(&spaced);
  if (status == MPI_SUCCESS && freed == MPI_SUCCESS)
    status = MPI_Allgather(bytes, part, MPI_BYTE, all, 1, spaced, communicator->handle);
  int released = MPI_Type_free(&spaced);
  if (status != MPI_SUCCESS) return status;
  return freed != MPI_SUCCESS ? freed : released;
}

int cmpi_all_gather(const cmpi_communicator *communicator, const void *bytes, int64_t count, void *all) {
  if (count <= communicator->chunk)
    return MPI_Allgather(bytes, (int)count, MPI_BYTE, all, (int)count, MPI_BYTE, communicator->handle);
  for (int64_t done = 0; done < count;) {
    int part = chunk_at(communicator, done, count);
    int status = gather_strided(communicator, (const char *)bytes + done, part, count, (char *)all + done);
    if (status != MPI_SUCCESS) return status;
    done += part;
  }
  return 0;
}

int cmpi_exchange(
    const cmpi_communicator *communicator, const void *sent, void *received, int64_t count, int peer) {
  if (count < 0 || count > CMPI_CHUNK) return CMPI_BAD_ARGUMENT;
  return MPI_Sendrecv(
      sent, (int)count, MPI_BYTE, peer, 0, received, (int)count, MPI_BYTE, peer, 0, communicator->handle,
      MPI_STATUS_IGNORE);
}

int cmpi_exchange_begin(
    cmpi_communicator *communicator, int number, const void *sent, int64_t sent_count, void *received,
    int64_t received_count, int peer) {
  if (sent_count < 0 || sent_count > CMPI_CHUNK || received_count < 0 || received_count > CMPI_CHUNK)
    return CMPI_BAD_ARGUMENT;
  MPI_Request *pending = communicator->pending[number & 1];
  int status =
      MPI_Irecv(received, (int)received_count, MPI_BYTE, peer, 1, communicator->handle, &pending[0]);
  if (status != MPI_SUCCESS) return status;
  return MPI_Isend(sent, (int)sent_count, MPI_BYTE, peer, 1, communicator->handle, &pending[1]);
}

int cmpi_exchange_end(cmpi_communicator *communicator, int number) {
  return MPI_Waitall(2, communicator->pending[number & 1], MPI_STATUSES_IGNORE);
}

int cmpi_barrier(const cmpi_communicator *communicator) { return MPI_Barrier(communicator->handle); }

int cmpi_abort(int code) { return cmpi_is_running() ? MPI_Abort(MPI_COMM_WORLD, code) : 0; }

void cmpi_error_text(int status, char *text) {
  int length = 0;
  switch (status) {
    case CMPI_NO_THREAD_SUPPORT:
      snprintf(text, CMPI_TEXT_CAPACITY, "the MPI library cannot be used from a thread (MPI_THREAD_FUNNELED)");
      return;
    case CMPI_NO_MEMORY: snprintf(text, CMPI_TEXT_CAPACITY, "out of memory"); return;
    case CMPI_BAD_ARGUMENT: snprintf(text, CMPI_TEXT_CAPACITY, "an argument is out of range"); return;
  }
  /* Outside init ... finalize even asking for the text is an error, one that ends the process. */
  if (!cmpi_is_running() || MPI_Error_string(status, text, &length) != MPI_SUCCESS) {
    snprintf(text, CMPI_TEXT_CAPACITY, "MPI error %d", status);
    return;
  }
  text[length] = 0;
}

void cmpi_compiled_version(char *text) {
#ifdef OMPI_MAJOR_VERSION
  snprintf(
      text, CMPI_TEXT_CAPACITY, "Open MPI %d.%d.%d", OMPI_MAJOR_VERSION, OMPI_MINOR_VERSION, OMPI_RELEASE_VERSION);
#else
  snprintf(text, CMPI_TEXT_CAPACITY, "MPI %d.%d", MPI_VERSION, MPI_SUBVERSION);
#endif
}

void cmpi_library_version(char *text) {
  /* The standard allows 8191 bytes (MPI_MAX_LIBRARY_VERSION_STRING); the first line says it all. */
  char full[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  if (MPI_Get_library_version(full, &length) != MPI_SUCCESS) length = 0;
  full[length] = 0;
  snprintf(text, CMPI_TEXT_CAPACITY, "%.*s", CMPI_TEXT_CAPACITY - 1, full);
}
