"""The MV2 2.1 file format: bytes in, records out.

Nothing here opens a file, reads a clock or logs. Every decoder takes a
range or a size ceiling and raises :class:`mv2.errors.FormatError`, naming the
offset, for anything that does not decode. Import the modules directly; the
package imports none of them, so each process pays only for what it uses.

    header, commit_record, footer    the fixed structures that name everything else
    wal                              log records and their payloads
    contents, frame, metadata        the contents, its frames and their nested records
    manifests, catalogue             what the contents say about indexes and tracks
    time_index, vectors, sketch      the blobs those point at
    lexical_batch                    names and checksum of the embedded lexical files
    accelerator                      our private, rebuildable frame directory
    facets, frame_fields             which frames have which values, kept in it and read from frames
    checksum, compression            BLAKE3 and Zstandard
"""
