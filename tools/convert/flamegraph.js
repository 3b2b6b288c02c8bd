"use strict";
// Zoom, search and details. Without it the picture is whole: this only moves and colours what is there.
(function () {
    var svg = document.documentElement;
    var margin = Number(svg.getAttribute("data-margin"));
    var width = Number(svg.getAttribute("data-width"));
    var all = Number(svg.getAttribute("data-total"));
    var details = document.getElementById("details");
    var reset = document.getElementById("reset");
    var search = document.getElementById("search");
    var matched = document.getElementById("matched");
    var quiet = details.textContent;
    var zoomed = null;

    var frames = Array.prototype.map.call(document.getElementsByClassName("f"), function (group) {
        var rect = group.getElementsByTagName("rect")[0];
        return {
            group: group, rect: rect, text: group.getElementsByTagName("text")[0],
            title: group.getElementsByTagName("title")[0].textContent,
            name: group.getElementsByTagName("title")[0].textContent.split("\n")[0],
            start: Number(group.getAttribute("data-start")),
            size: Number(group.getAttribute("data-size")),
            depth: Number(group.getAttribute("data-depth")),
            found: false
        };
    });

    function percent(part, whole) {
        return whole > 0 ? (100 * part / whole).toFixed(2) + " %" : "-";
    }

    // As much of the name as the frame has room for; characters are of one width.
    function fit(frame, pixels) {
        var room = Math.floor((pixels - 6) / 7.23);
        var label = frame.group.getAttribute("data-name") || frame.name;
        var characters = Array.from(label);
        if (room < 3) {
            frame.text.textContent = "";
        } else if (characters.length <= room) {
            frame.text.textContent = label;
        } else {
            frame.text.textContent = characters.slice(0, room - 2).join("") + "..";
        }
    }

    function place(frame, start, size) {
        var left = margin + (frame.start - start) / size * width;
        var right = margin + (frame.start + frame.size - start) / size * width;
        left = Math.max(left, margin);
        right = Math.min(right, margin + width);
        var hidden = right - left < 0.3;
        frame.group.classList.toggle("gone", hidden);
        if (!hidden) {
            frame.rect.setAttribute("x", left.toFixed(2));
            frame.rect.setAttribute("width", (right - left).toFixed(2));
            frame.text.setAttribute("x", (left + 3).toFixed(2));
            fit(frame, right - left);
        }
    }

    function zoom(to) {
        zoomed = to && to.depth > 0 ? to : null;
        var start = zoomed ? zoomed.start : 0;
        var size = zoomed ? zoomed.size : all;
        frames.forEach(function (frame) {
            place(frame, start, size);
            // Callers stay in sight, so that one can go back to them.
            frame.group.classList.toggle("faded", zoomed !== null && frame.depth < zoomed.depth);
        });
        reset.classList.toggle("gone", zoomed === null);
        show(zoomed);
        count();
    }

    function show(frame) {
        if (!frame) {
            details.textContent = quiet;
            return;
        }
        var text = frame.title.split("\n").join("; ");
        if (zoomed) {
            text += "; " + percent(frame.size, zoomed.size) + " of what is zoomed";
        }
        details.textContent = text;
    }

    // What the found frames come to: a frame below a found one is part of it.
    function count() {
        var start = zoomed ? zoomed.start : 0;
        var end = zoomed ? start + zoomed.size : all;
        var sum = 0;
        var reached = start;
        var any = false;
        frames.filter(function (frame) { return frame.found; })
            .sort(function (a, b) { return a.start - b.start || b.size - a.size; })
            .forEach(function (frame) {
                any = true;
                var from = Math.max(frame.start, reached);
                var to = Math.min(frame.start + frame.size, end);
                if (to > from) {
                    sum += to - from;
                    reached = to;
                }
            });
        matched.textContent = any ? "found: " + percent(sum, end - start) : search.value ? "found: nothing" : "";
    }

    function find(wanted) {
        var matches = null;
        if (wanted) {
            try {
                var expression = new RegExp(wanted, "i");
                matches = function (name) { return expression.test(name); };
            } catch (error) {
                matches = function (name) { return name.toLowerCase().indexOf(wanted.toLowerCase()) >= 0; };
            }
        }
        frames.forEach(function (frame) {
            frame.found = matches !== null && frame.depth > 0 && matches(frame.name);
            frame.group.classList.toggle("found", frame.found);
        });
        count();
    }

    frames.forEach(function (frame) {
        frame.group.setAttribute("tabindex", "0");
        frame.group.setAttribute("role", "button");
        frame.group.setAttribute("aria-label", frame.title.split("\n").join("; "));
        frame.group.addEventListener("click", function () { zoom(frame); });
        frame.group.addEventListener("mouseover", function () { show(frame); });
        frame.group.addEventListener("focus", function () { show(frame); });
        frame.group.addEventListener("mouseout", function () { show(zoomed); });
        frame.group.addEventListener("keydown", function (event) {
            if (event.key === "Enter" || event.key === " ") {
                event.preventDefault();
                zoom(frame);
            }
        });
    });
    reset.addEventListener("click", function () { zoom(null); });
    search.addEventListener("input", function () { find(search.value); });
    document.addEventListener("keydown", function (event) {
        if (event.key === "Escape") {
            search.value = "";
            find("");
            zoom(null);
        } else if (event.key === "/" && event.target !== search) {
            event.preventDefault();
            search.focus();
        }
    });
    document.getElementById("search-box").classList.remove("gone");
})();
