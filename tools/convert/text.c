#include "tools/convert/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/convert/names.h"

#define TEXT_BYTES ((size_t)128 * 1024) /* more than an output holds itself: no second copy */
#define NUMBER_BYTES 32                 /* the longest number, its point and a comma */

bool conv_text_init(struct conv_text *text, struct vmpt_output *output)
{
    memset(text, 0, sizeof(*text));
    text->output = output;
    text->data = malloc(TEXT_BYTES);
    text->failed = !text->data;
    return !text->failed;
}

static void flush(struct conv_text *text)
{
    vmpt_output_write(text->output, text->data, text->size);
    text->size = 0;
}

bool conv_text_fini(struct conv_text *text)
{
    if (text->data) {
        flush(text);
    }
    free(text->data);
    vmpt_buffer_fini(&text->scratch);
    text->data = NULL;
    return !text->failed;
}

void conv_text_add(struct conv_text *text, const char *data, size_t size_bytes)
{
    if (text->failed || size_bytes == 0) {
        return;
    }
    if (TEXT_BYTES - text->size < size_bytes) {
        flush(text);
    }
    if (size_bytes > TEXT_BYTES) {
        vmpt_output_write(text->output, data, size_bytes);
        return;
    }
    memcpy(text->data + text->size, data, size_bytes);
    text->size += size_bytes;
}

void conv_text_put(struct conv_text *text, const char *string)
{
    conv_text_add(text, string, strlen(string));
}

void conv_text_printf(struct conv_text *text, const char *format, ...)
{
    char short_text[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(short_text, sizeof(short_text), format, arguments);
    va_end(arguments);
    /* Formats hold numbers and names of ours: one that does not fit is a mistake in the program. */
    text->failed = text->failed || size < 0 || (size_t)size >= sizeof(short_text);
    conv_text_add(text, short_text, text->failed ? 0 : (size_t)size);
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

/* Writes the digits that end before `end`, and returns where they begin. */
static char *write_digits(char *end, uint64_t number)
{
    while (number >= 100) {
        end -= 2;
        memcpy(end, pairs + number % 100 * 2, 2);
        number /= 100;
    }
    if (number >= 10) {
        end -= 2;
        memcpy(end, pairs + number * 2, 2);
    } else {
        *--end = (char)('0' + number);
    }
    return end;
}

/* Returns the place behind it; there is room for NUMBER_BYTES. */
static char *add_number(char *at, uint64_t number)
{
    char digits[NUMBER_BYTES];
    if (number < 10) {
        *at = (char)('0' + number);
        return at + 1;
    }
    char *end = digits + sizeof(digits);
    char *begin = write_digits(end, number);
    memcpy(at, begin, (size_t)(end - begin));
    return at + (end - begin);
}

static uint64_t power_of_ten(unsigned digits)
{
    return digits == 3 ? 1000u : digits == 6 ? 1000000u : 1000000000u;
}

static char *add_fraction(char *at, uint64_t number, unsigned digits)
{
    uint64_t one = power_of_ten(digits);
    at = add_number(at, number / one);
    if (number % one == 0) {
        return at;
    }
    /* A 1 before the fraction keeps its zeros; the point takes its place. */
    char *behind = add_number(at, one + number % one);
    *at = '.';
    return behind;
}

static char *room(struct conv_text *text)
{
    if (TEXT_BYTES - text->size < NUMBER_BYTES) {
        flush(text);
    }
    return text->data + text->size;
}

void conv_text_number(struct conv_text *text, uint64_t number)
{
    if (!text->failed) {
        text->size = (size_t)(add_number(room(text), number) - text->data);
    }
}

void conv_text_fraction(struct conv_text *text, uint64_t number, unsigned digits)
{
    if (!text->failed) {
        text->size = (size_t)(add_fraction(room(text), number, digits) - text->data);
    }
}

void conv_text_numbers(struct conv_text *text, const uint64_t *numbers, size_t count,
                       unsigned digits)
{
    for (size_t i = 0; i < count && !text->failed; i++) {
        char *at = room(text);
        *at = ',';
        at += i ? 1 : 0;
        at = digits ? add_fraction(at, numbers[i], digits) : add_number(at, numbers[i]);
        text->size = (size_t)(at - text->data);
    }
}

void conv_text_string(struct conv_text *text, const char *data, size_t size_bytes)
{
    text->scratch.size = 0;
    vmpt_buffer_add(&text->scratch, "\"", 1);
    conv_add_json(&text->scratch, data, size_bytes);
    vmpt_buffer_add(&text->scratch, "\"", 1);
    text->failed = text->failed || text->scratch.failed;
    conv_text_add(text, text->scratch.data, text->failed ? 0 : text->scratch.size);
}
