import type { Clock } from '../platform/clock.ts';
import type { Disk, DiskFile } from '../platform/disk.ts';
import { Counter, exponentialBounds, type Metrics } from './metrics.ts';

const millisPerSecond = 1000;

/** A disk whose files' syncs are timed: what a member's log waits for. */
export function measureDisk(disk: Disk, clock: Clock, metrics: Metrics): Disk {
  const seconds = metrics.histogram(
    'etcd_disk_wal_fsync_duration_seconds',
    'The latency distributions of fsync called by WAL.',
    exponentialBounds(0.001, 2, 14),
  );
  const writeSeconds = metrics.histogram(
    'etcd_disk_wal_write_duration_seconds',
    'The latency distributions of write called by WAL.',
    exponentialBounds(0.001, 2, 14),
  );
  const written = new Counter();
  // A gauge in etcd, too.
  metrics.gauge(
    'etcd_disk_wal_write_bytes_total',
    'Total number of bytes written in WAL.',
    () => written.value,
  );
  const measure = (file: DiskFile): DiskFile => ({
    path: file.path,
    size: () => file.size(),
    read: (offset, length) => file.read(offset, length),
    write: async (offset, bytes) => {
      written.add(bytes.length);
      const start = clock.monotonicMillis();
      await file.write(offset, bytes);
      writeSeconds.observe((clock.monotonicMillis() - start) / millisPerSecond);
    },
    truncate: (length) => file.truncate(length),
    sync: async () => {
      const start = clock.monotonicMillis();
      await file.sync();
      seconds.observe((clock.monotonicMillis() - start) / millisPerSecond);
    },
    close: () => file.close(),
  });
  return {
    open: async (path, access, mode) => measure(await disk.open(path, access, mode)),
    list: (directory) => disk.list(directory),
    exists: (path) => disk.exists(path),
    makeDirectory: (directory) => disk.makeDirectory(directory),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    removeTree: (directory) => disk.removeTree(directory),
    syncDirectory: (directory) => disk.syncDirectory(directory),
    lock: (directory) => disk.lock(directory),
  };
}
