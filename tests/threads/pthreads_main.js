// JavaScript's main thread, which may not block, uses the heap while pthreads do.
if (!ENVIRONMENT_IS_PTHREAD) {
  Module['onRuntimeInitialized'] = () => setInterval(() => Module['_work_here'](), 1);
}
