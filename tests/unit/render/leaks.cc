// fontconfig keeps its configuration for the life of the process; LeakSanitizer (asan preset) would
// report it as ours.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig\n"; }
