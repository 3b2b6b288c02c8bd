#include "tools/common/tree_rows.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

#define MOST_LEVELS 24
#define LEAST_LEVELS 4
#define COLUMNS_A_LEVEL 8

/* The levels of the row that is made, and what each row above hands on. */
struct levels {
    unsigned char *items;
    size_t count;
    size_t capacity;
    struct node_levels {
        size_t count;      /* handed on to its children */
        size_t last_child; /* the last one that is shown */
        bool forks;        /* into several that are shown */
    } * nodes;             /* by node of the tree */
    size_t guide_capacity;
    size_t guide_count;
};

static void hand_on(const struct vmpt_call_tree *tree, struct levels *levels, size_t node)
{
    struct node_levels *own = &levels->nodes[node];
    size_t first = tree->nodes[node].first_child;
    size_t shown = 0;
    for (size_t i = first; i < first + tree->nodes[node].child_count; i++) {
        if (tree->nodes[i].shown) {
            own->last_child = i;
            shown++;
        }
    }
    own->forks = shown > 1;
    own->count = levels->count;
}

static bool push(struct levels *levels, unsigned char guide)
{
    if (!vmpt_reserve(&levels->items, &levels->capacity, levels->count + 1, 1) || !levels->items) {
        return false;
    }
    levels->items[levels->count++] = guide;
    return true;
}

/* The innermost levels are kept: they tell what hangs on what nearby. */
static bool keep_guides(struct vmpt_tree_rows *rows, struct levels *levels, size_t max_levels)
{
    struct vmpt_tree_row *row = &rows->items[rows->count];
    size_t count = levels->count < max_levels ? levels->count : max_levels;
    if (!vmpt_reserve(&rows->guides, &levels->guide_capacity, levels->guide_count + count, 1)) {
        return false;
    }
    row->is_cut = count < levels->count;
    row->first_guide = levels->guide_count;
    row->guide_count = count;
    if (count) {
        memcpy(rows->guides + levels->guide_count, levels->items + levels->count - count, count);
    }
    levels->guide_count += count;
    return true;
}

static bool add_row(struct vmpt_tree_rows *rows, struct levels *levels, size_t node,
                    size_t max_levels)
{
    const struct vmpt_call_tree *tree = rows->tree;
    const struct node_levels *parent = &levels->nodes[tree->nodes[node].parent];
    bool hangs = node != 0 && parent->forks;
    bool is_last = node == parent->last_child;
    levels->count = parent->count;
    if (hangs && !push(levels, is_last ? VMPT_GUIDE_END : VMPT_GUIDE_FORK)) {
        return false;
    }
    rows->items[rows->count].node = node;
    if (!keep_guides(rows, levels, max_levels)) {
        return false;
    }
    rows->count++;
    if (hangs) {
        levels->items[levels->count - 1] = is_last ? VMPT_GUIDE_EMPTY : VMPT_GUIDE_LINE;
    }
    hand_on(tree, levels, node);
    return true;
}

bool vmpt_tree_rows_init(struct vmpt_tree_rows *rows, const struct vmpt_call_tree *tree,
                         size_t max_levels)
{
    struct levels levels = {.nodes = vmpt_array(tree->count, sizeof(*levels.nodes))};
    memset(rows, 0, sizeof(*rows));
    rows->tree = tree;
    rows->items = vmpt_array(tree->shown + 1, sizeof(*rows->items));
    bool done = rows->items && levels.nodes;
    for (size_t node = 0; done && node != SIZE_MAX; node = vmpt_call_tree_next(tree, node)) {
        done = add_row(rows, &levels, node, max_levels);
    }
    free(levels.items);
    free(levels.nodes);
    return done;
}

void vmpt_tree_rows_fini(struct vmpt_tree_rows *rows)
{
    free(rows->items);
    free(rows->guides);
    memset(rows, 0, sizeof(*rows));
}

void vmpt_tree_rows_add_guides(const struct vmpt_tree_rows *rows, const struct vmpt_tree_row *row,
                               struct vmpt_buffer *out)
{
    static const char *const drawn[] = {"  ", "\u2502 ", "\u251c ", "\u2514 "};
    static const char *const plain[] = {"  ", "| ", "|-", "`-"};
    const char *const *guides = rows->utf8 ? drawn : plain;
    if (row->is_cut) {
        vmpt_buffer_add_text(out, "... ");
    }
    for (size_t i = 0; i < row->guide_count; i++) {
        vmpt_buffer_add_text(out, guides[rows->guides[row->first_guide + i]]);
    }
}

size_t vmpt_tree_levels(const struct vmpt_text_look *look)
{
    size_t levels = look->width ? look->width / COLUMNS_A_LEVEL : MOST_LEVELS;
    return levels < LEAST_LEVELS ? LEAST_LEVELS : levels;
}

void vmpt_tree_add_bar(struct vmpt_buffer *out, double share, unsigned columns, bool utf8)
{
    static const char *const parts[] = {"",       "\u258f", "\u258e", "\u258d",
                                        "\u258c", "\u258b", "\u258a", "\u2589"};
    unsigned eighths = (unsigned)(share * columns * 8 + 0.5);
    if (eighths > columns * 8) {
        eighths = columns * 8;
    }
    for (unsigned i = 0; i < eighths / 8; i++) {
        vmpt_buffer_add_text(out, utf8 ? "\u2588" : "#");
    }
    if (utf8) {
        vmpt_buffer_add_text(out, parts[eighths % 8]);
    }
}
