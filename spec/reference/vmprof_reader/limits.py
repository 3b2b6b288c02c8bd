"""Section 8: limits. A reader checks them before it asks for memory."""

MAX_PAYLOAD = 64 << 20
MAX_COUNT = 1 << 20
MAX_TABLE = 0xFFFFFFFF
MAX_MISSING = 4194304
MAX_VALUES = 8
MAX_DEPTH = 1 << 20
MAX_STRING = 16 << 20
MAX_COLUMNS = 64
MAX_META_ENTRIES = 4096
MAX_META_ITEMS = 65536

U32 = (1 << 32) - 1
U63 = (1 << 63) - 1
U64 = (1 << 64) - 1
MAX_NOTES = 100  # of a session; an input of nothing but damage must not fill the memory
