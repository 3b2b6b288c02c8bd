/* names.c: the names of the spec's numbers. */
#include <vmprof/vmpf_inspect.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define FIRST_VALUE 16u

static const char *name_of(const char *const *names, size_t count, size_t number)
{
    return number < count ? names[number] : NULL;
}

const char *vmpf_chunk_kind_name(uint16_t kind)
{
    static const char *const names[] = {
        NULL,      "META", "STRINGS", "FUNCTIONS", "LOCATIONS", "STACKS",  "THREADS", "SAMPLES",
        "JOURNAL", "PAD",  "END",     "TOTALS",    "INDEX",     "MODULES", "CODES",   "LABELS"};
    return name_of(names, COUNT_OF(names), kind);
}

const char *vmpf_encoding_name(uint8_t encoding)
{
    static const char *const names[] = {"bytes", "plain", "delta", "runs", "delta-runs", "coded"};
    return name_of(names, COUNT_OF(names), encoding);
}

const char *vmpf_codec_name(uint8_t codec)
{
    static const char *const names[] = {"stored", "zlib", "zlib+tail"};
    return name_of(names, COUNT_OF(names), codec);
}

/* ---- columns ------------------------------------------------------------------------------------------- */

struct column_name {
    uint16_t kind;
    uint16_t column;
    const char *name;
};

static const struct column_name columns[] = {
    {2, 1, "length"},       {2, 2, "bytes"},         {3, 1, "name"},
    {3, 2, "file"},         {3, 3, "first line"},    {3, 4, "kind"},
    {3, 5, "address"},      {3, 0x8006, "module"},   {4, 1, "function"},
    {4, 2, "line"},         {5, 1, "distance"},      {5, 2, "location"},
    {5, 3, "edge"},         {5, 4, "new locations"}, {5, 5, "outer locations"},
    {6, 1, "thread id"},    {6, 2, "process id"},    {6, 3, "name length"},
    {6, 4, "name bytes"},   {7, 1, "stack"},         {7, 2, "thread"},
    {7, 3, "time"},         {7, 4, "flags"},         {7, 5, "run length"},
    {7, 6, "run kind"},     {7, 7, "run age"},       {7, 8, "run node"},
    {7, 0x8001, "label"},   {11, 1, "stack"},        {11, 2, "samples"},
    {12, 1, "offset"},      {12, 2, "size"},         {12, 3, "kind"},
    {12, 4, "epoch"},       {12, 5, "sequence"},     {12, 6, "begin"},
    {12, 7, "end"},         {12, 8, "samples"},      {13, 1, "path"},
    {13, 2, "build id"},    {13, 3, "address"},      {13, 4, "size"},
    {13, 5, "file offset"}, {14, 1, "rows"},         {15, 1, "distance"},
    {15, 2, "key"},         {15, 3, "text"},         {15, 4, "number"},
};

const char *vmpf_column_name(uint16_t kind, uint16_t column)
{
    static const char *const values[VMPF_MAX_VALUES] = {"value 0", "value 1", "value 2", "value 3",
                                                        "value 4", "value 5", "value 6", "value 7"};
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        if (columns[i].kind == kind && columns[i].column == column) {
            return columns[i].name;
        }
    }
    bool has_values = kind == 7 || kind == 11;
    return has_values && column >= FIRST_VALUE
               ? name_of(values, COUNT_OF(values), (size_t)(column - FIRST_VALUE))
               : NULL;
}
