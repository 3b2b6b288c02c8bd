/* to_flamegraph.c: a flame graph as one SVG file, with what makes it interactive inside. A frame is as wide as what it and
 * all below it cost; without scripts it is still a picture, with a title on each frame.
 */
#include <inttypes.h>
#include <string.h>

#include "tools/common/duration.h"
#include "tools/convert/flame_colors.h"
#include "tools/convert/format.h"
#include "tools/convert/frame_tree.h"
#include "tools/convert/names.h"

#define PAGE_PIXELS 1200
#define MARGIN_PIXELS 10
#define GRAPH_PIXELS (PAGE_PIXELS - 2 * MARGIN_PIXELS)
#define ROW_PIXELS 17
#define TOP_PIXELS 72
#define BOTTOM_PIXELS 34
#define CHARACTER_PIXELS 7.23
#define MAX_DEPTH 2000
/* Of names, which may be a megabyte long: a title shows no more. */
#define MAX_NAME_BYTES 2000
#define PIECE_BYTES ((size_t)32 * 1024)
/* A width where two profiles are compared, whose totals differ: the mean of two shares of this. */
#define SHARE_UNITS 1e12

static const char style_text[] =
#include "tools/convert/flamegraph_css.inc"
    ;
static const char script_text[] =
#include "tools/convert/flamegraph_js.inc"
    ;

struct graph {
    struct conv_job *job;
    struct conv_frame_tree tree;
    struct vmpt_buffer out;
    uint64_t total;        /* in the units of sizes */
    uint64_t before_total; /* weight; 0: nothing to compare with */
    size_t depth;          /* rows below the root's */
    size_t too_deep;       /* frames that were left out for that */
    uint32_t kinds;        /* bits of the kinds that are there */
};

/* ---- sizes -------------------------------------------------------------------------------------------- */

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

static uint64_t size_of(const struct graph *graph, const struct conv_frame_node *node)
{
    if (!graph->job->before_view) {
        return node->total.weight;
    }
    double after = share(node->total.weight, graph->tree.nodes[0].total.weight);
    double before = share(node->before, graph->before_total);
    return (uint64_t)((after + before) / 2 * SHARE_UNITS);
}

/* What is narrower than a pixel is not drawn. */
static uint64_t least_weight(const struct conv_job *job)
{
    uint64_t total = job->app.view.total[0].weight;
    if (job->before_view && job->before_view->total[0].weight < total) {
        total = job->before_view->total[0].weight;
    }
    return total / GRAPH_PIXELS + 1;
}

/* ---- frames ------------------------------------------------------------------------------------------- */

static void drain(struct graph *graph, size_t least_bytes)
{
    if (graph->out.size > least_bytes && !graph->out.failed) {
        vmpt_output_write(&graph->job->target.output, graph->out.data, graph->out.size);
        graph->out.size = 0;
    }
}

static void add_xml(struct vmpt_buffer *out, const char *text)
{
    conv_add_xml(out, text, strlen(text), MAX_NAME_BYTES);
}

static void add_place(struct vmpt_buffer *out, const struct vmpt_function *function)
{
    if (function->file_size) {
        vmpt_buffer_add_text(out, " (");
        conv_add_xml(out, function->file, function->file_size, MAX_NAME_BYTES);
        if (function->first_line) {
            vmpt_buffer_printf(out, ":%u", (unsigned)function->first_line);
        }
        vmpt_buffer_add_text(out, ")");
    }
}

static void add_cost(struct graph *graph, const char *what, uint64_t weight)
{
    const struct vmpt_profile *profile = graph->job->app.profile;
    vmpt_buffer_printf(&graph->out, "%s ", what);
    vmpt_format_weight(&graph->out, profile, weight);
    vmpt_buffer_printf(&graph->out, ", %.2f %%",
                       100 * share(weight, graph->tree.nodes[0].total.weight));
}

static void add_title(struct graph *graph, const struct conv_frame_node *node, uint64_t self)
{
    struct vmpt_buffer *out = &graph->out;
    const struct conv_frame *frame = &graph->tree.frames[node->frame];
    vmpt_buffer_add_text(out, "<title>");
    conv_add_xml(out, frame->function.name, frame->function.name_size, MAX_NAME_BYTES);
    add_place(out, &frame->function);
    vmpt_buffer_printf(out, "\n%s\n", vmpt_kind_name(frame->kind));
    add_cost(graph, "total", node->total.weight);
    vmpt_buffer_add_text(out, "\n");
    add_cost(graph, "self", self);
    vmpt_buffer_printf(out, "\n%" PRIu64 " samples", node->total.samples);
    if (graph->job->before_view) {
        double before = 100 * share(node->before, graph->before_total);
        double after = 100 * share(node->total.weight, graph->tree.nodes[0].total.weight);
        vmpt_buffer_printf(out, "\n%.2f %% before, %+.2f points", before, after - before);
    }
    vmpt_buffer_add_text(out, "</title>");
}

/* As much of a name as fits, or nothing. Characters are taken as one column each, as the script does. */
static void add_label(struct vmpt_buffer *out, const struct vmpt_function *function, double pixels)
{
    struct vmpt_buffer name = {0};
    double room = (pixels - 6) / CHARACTER_PIXELS;
    if (room < 3) {
        return;
    }
    size_t max_bytes = function->name_size < MAX_NAME_BYTES ? function->name_size : MAX_NAME_BYTES;
    vmpt_buffer_add_visible(&name, function->name, max_bytes);
    size_t characters = 0;
    size_t cut = name.size;
    for (size_t i = 0; i < name.size; i++) {
        if (((unsigned char)name.data[i] & 0xC0) == 0x80) {
            continue;
        }
        if (characters + 2 <= (size_t)room) {
            cut = i;
        }
        characters++;
    }
    bool fits = characters <= (size_t)room;
    conv_add_xml(out, name.data ? name.data : "", fits ? name.size : cut, SIZE_MAX);
    vmpt_buffer_add_text(out, fits ? "" : "..");
    out->failed = out->failed || name.failed;
    vmpt_buffer_fini(&name);
}

static void add_rect(struct graph *graph, uint64_t start, uint64_t size, size_t depth,
                     struct conv_color color, double *left, double *pixels, double *top)
{
    double scale = graph->total ? (double)GRAPH_PIXELS / (double)graph->total : 0;
    size_t row = graph->job->icicle ? depth : graph->depth - depth;
    *left = MARGIN_PIXELS + (double)start * scale;
    *pixels = graph->total ? (double)size * scale : GRAPH_PIXELS;
    *top = TOP_PIXELS + (double)row * ROW_PIXELS;
    vmpt_buffer_printf(&graph->out,
                       "<rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\" "
                       "fill=\"#%02x%02x%02x\"/><text x=\"%.2f\" y=\"%.0f\">",
                       *left, *top, *pixels, ROW_PIXELS - 1, color.red, color.green, color.blue,
                       *left + 3, *top + 12);
}

static void begin_group(struct graph *graph, uint64_t start, uint64_t size, size_t depth)
{
    vmpt_buffer_printf(&graph->out,
                       "<g class=\"f\" data-start=\"%" PRIu64 "\" data-size=\"%" PRIu64
                       "\" data-depth=\"%zu\"",
                       start, size, depth);
}

static void draw_frame(struct graph *graph, uint32_t index, uint64_t start, size_t depth)
{
    const struct conv_frame_node *node = &graph->tree.nodes[index];
    const struct conv_frame *frame = &graph->tree.frames[node->frame];
    double after = share(node->total.weight, graph->tree.nodes[0].total.weight);
    struct conv_color color =
        graph->job->before_view
            ? conv_color_of_change(after, share(node->before, graph->before_total))
            : conv_color_of_kind(frame->kind, frame->function.hash);
    double left;
    double pixels;
    double top;
    begin_group(graph, start, size_of(graph, node), depth);
    vmpt_buffer_add_text(&graph->out, " data-name=\"");
    conv_add_xml(&graph->out, frame->function.name, frame->function.name_size, 200);
    vmpt_buffer_add_text(&graph->out, "\">");
    add_title(graph, node, node->self.weight);
    add_rect(graph, start, size_of(graph, node), depth, color, &left, &pixels, &top);
    add_label(&graph->out, &frame->function, pixels);
    vmpt_buffer_add_text(&graph->out, "</text></g>\n");
    graph->kinds |= UINT32_C(1) << frame->kind;
    drain(graph, PIECE_BYTES);
}

static void draw_root(struct graph *graph)
{
    const struct conv_frame_node *root = &graph->tree.nodes[0];
    struct conv_color color = {0xD8, 0xD8, 0xD0};
    double left;
    double pixels;
    double top;
    begin_group(graph, 0, graph->total, 0);
    vmpt_buffer_add_text(&graph->out, "><title>all\n");
    add_cost(graph, "total", root->total.weight);
    vmpt_buffer_printf(&graph->out, "\n%" PRIu64 " samples</title>", root->total.samples);
    add_rect(graph, 0, graph->total, 0, color, &left, &pixels, &top);
    vmpt_buffer_add_text(&graph->out, "all</text></g>\n");
}

/* Where the frames of each level on the way begin: the next sibling of a node begins where it ends. visit: NULL to
 * measure the depth only. */
static bool walk(struct graph *graph, bool draws)
{
    const struct conv_frame_node *nodes = graph->tree.nodes;
    uint64_t *starts = vmpt_array(MAX_DEPTH + 2, sizeof(*starts));
    size_t depth = 1;
    uint32_t node = nodes[0].first_child;
    if (!starts) {
        return false;
    }
    while (node) {
        if (draws) {
            draw_frame(graph, node, starts[depth], depth);
        }
        graph->depth = !draws && depth > graph->depth ? depth : graph->depth;
        if (nodes[node].first_child && depth < MAX_DEPTH) {
            starts[depth + 1] = starts[depth];
            depth++;
            node = nodes[node].first_child;
            continue;
        }
        graph->too_deep += draws && nodes[node].first_child ? 1 : 0;
        starts[depth] += size_of(graph, &nodes[node]);
        while (node && !nodes[node].next) {
            node = nodes[node].parent;
            depth--;
            if (node) {
                starts[depth] += size_of(graph, &nodes[node]);
            }
        }
        node = node ? nodes[node].next : 0;
    }
    free(starts);
    return true;
}

/* ---- the page ----------------------------------------------------------------------------------------- */

static void add_heading(struct graph *graph)
{
    struct vmpt_buffer *out = &graph->out;
    const struct vmpt_profile *profile = graph->job->app.profile;
    if (graph->job->title) {
        add_xml(out, graph->job->title);
        return;
    }
    vmpt_buffer_add_text(out, graph->job->before_view ? "What changed" : "Flame graph");
    if (profile->program.text) {
        vmpt_buffer_add_text(out, ": ");
        add_xml(out, profile->program.text);
    }
}

/* What the picture is of, for those who look and for those who listen. */
static void add_description(struct graph *graph)
{
    struct vmpt_buffer *out = &graph->out;
    const struct vmpt_profile *profile = graph->job->app.profile;
    const struct vmpt_cell *total = &graph->tree.nodes[0].total;
    vmpt_buffer_printf(out, "%" PRIu64 " samples, ", total->samples);
    vmpt_format_weight(out, profile, total->weight);
    vmpt_buffer_add_text(out, " of ");
    add_xml(out, profile->metric.name);
    if (graph->job->before_view) {
        vmpt_buffer_add_text(out, "; before: ");
        vmpt_format_weight(out, profile, graph->before_total);
        vmpt_buffer_add_text(out, "; widths: mean of both shares; red: more, blue: less");
    }
    if (graph->tree.left_out) {
        vmpt_buffer_printf(out, "; %zu frames narrower than a pixel are not shown",
                           graph->tree.left_out);
    }
    if (graph->depth == MAX_DEPTH) {
        vmpt_buffer_printf(out, "; frames deeper than %d are not shown", MAX_DEPTH);
    }
}

static void add_head(struct graph *graph, double height)
{
    struct vmpt_buffer *out = &graph->out;
    vmpt_buffer_printf(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"%d\" height=\"%.0f\" "
        "viewBox=\"0 0 %d %.0f\" role=\"group\" aria-labelledby=\"title description\" "
        "data-total=\"%" PRIu64 "\" data-margin=\"%d\" data-width=\"%d\">\n<title id=\"title\">",
        PAGE_PIXELS, height, PAGE_PIXELS, height, graph->total, MARGIN_PIXELS, GRAPH_PIXELS);
    add_heading(graph);
    vmpt_buffer_add_text(out, "</title>\n<desc id=\"description\">");
    add_description(graph);
    vmpt_buffer_add_text(out, "</desc>\n<style>\n");
    vmpt_buffer_add_text(out, style_text);
    vmpt_buffer_printf(out,
                       "</style>\n<rect width=\"%d\" height=\"%.0f\" fill=\"#fffdf5\"/>\n"
                       "<text class=\"title\" x=\"%d\" y=\"24\">",
                       PAGE_PIXELS, height, PAGE_PIXELS / 2);
    add_heading(graph);
    vmpt_buffer_printf(out, "</text>\n<text class=\"note\" x=\"%d\" y=\"44\">", MARGIN_PIXELS);
    add_description(graph);
    vmpt_buffer_printf(
        out,
        "</text>\n<text id=\"details\" x=\"%d\" y=\"62\"> </text>\n"
        "<text id=\"reset\" class=\"button gone\" x=\"%d\" y=\"24\" role=\"button\">Reset "
        "zoom</text>\n"
        "<text id=\"matched\" x=\"%d\" y=\"44\" text-anchor=\"end\"> </text>\n"
        "<foreignObject id=\"search-box\" class=\"gone\" x=\"%d\" y=\"8\" width=\"190\" "
        "height=\"24\">"
        "<input xmlns=\"http://www.w3.org/1999/xhtml\" id=\"search\" type=\"search\" "
        "placeholder=\"search (/)\" aria-label=\"search for frames\"/></foreignObject>\n",
        MARGIN_PIXELS, MARGIN_PIXELS, PAGE_PIXELS - MARGIN_PIXELS,
        PAGE_PIXELS - MARGIN_PIXELS - 184);
}

static void add_legend(struct graph *graph, double height)
{
    double x = MARGIN_PIXELS;
    for (uint8_t kind = 0; kind <= VMPF_KIND_JIT_INTERNAL && !graph->job->before_view; kind++) {
        if (!(graph->kinds >> kind & 1u)) {
            continue;
        }
        struct conv_color color = conv_color_of_kind(kind, 0);
        vmpt_buffer_printf(
            &graph->out,
            "<rect x=\"%.0f\" y=\"%.0f\" width=\"12\" height=\"12\" "
            "fill=\"#%02x%02x%02x\"/><text class=\"note\" x=\"%.0f\" y=\"%.0f\">%s</text>\n",
            x, height - 22, color.red, color.green, color.blue, x + 16, height - 12,
            vmpt_kind_name(kind));
        x += 34 + CHARACTER_PIXELS * (double)strlen(vmpt_kind_name(kind));
    }
}

static bool draw(struct graph *graph)
{
    if (!walk(graph, false)) {
        return false;
    }
    double height = TOP_PIXELS + (double)(graph->depth + 1) * ROW_PIXELS + BOTTOM_PIXELS;
    add_head(graph, height);
    draw_root(graph);
    if (!walk(graph, true)) {
        return false;
    }
    add_legend(graph, height);
    vmpt_buffer_add_text(&graph->out, "<script><![CDATA[\n");
    vmpt_buffer_add_text(&graph->out, script_text);
    vmpt_buffer_add_text(&graph->out, "]]></script>\n</svg>\n");
    drain(graph, 0);
    return !graph->out.failed;
}

static bool write_tree(struct conv_job *job)
{
    struct graph graph = {.job = job};
    bool done =
        conv_frame_tree_init(&graph.tree, &job->app.view, job->before_view, least_weight(job));
    if (done) {
        graph.before_total = graph.tree.nodes[0].before;
        graph.total = size_of(&graph, &graph.tree.nodes[0]);
        done = draw(&graph);
    }
    conv_frame_tree_fini(&graph.tree);
    vmpt_buffer_fini(&graph.out);
    return done;
}

const struct conv_format conv_to_flamegraph = {
    .option = "flamegraph",
    .extension = "svg",
    .title = "a flame graph",
    .help = "a flame graph: one SVG file, to zoom and to search",
    .holds = VMPT_HOLDS_WEIGHTS | VMPT_HOLDS_KINDS | VMPT_HOLDS_MODULES,
    .write_tree = write_tree,
};
