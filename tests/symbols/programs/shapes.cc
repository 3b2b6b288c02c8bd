// Inlined calls in loops, templates, namespaces, lambdas and cold paths, for the comparison of names and lines.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace shapes {
namespace {

inline int square(int x)
{
    return x * x;
}

template <typename T> inline T blend(T a, T b)
{
    T sum = a * 3;
    for (int i = 0; i < 4; i++) {
        sum += static_cast<T>(square(i)) * b;
    }
    return sum;
}

struct Point {
    double x, y;
    double norm() const
    {
        return blend(x, y) + square(static_cast<int>(x));
    }
};

} // namespace

__attribute__((noinline)) double walk(const std::vector<Point> &points)
{
    double total = 0;
    for (const Point &point : points) {
        auto scaled = [&](double factor) { return point.norm() * factor; };
        total += scaled(2.0) + scaled(point.y);
        if (total > 1e18) {
            throw std::overflow_error("too long: " + std::to_string(total));
        }
    }
    return total;
}

struct Base {
    virtual ~Base() {}
    virtual int area(int a, int b) const = 0;
};
struct Square : Base {
    int area(int a, int) const override
    {
        return blend(a, square(a));
    }
};
struct Box : Base {
    int area(int a, int b) const override
    {
        return a * b + blend(b, a);
    }
};

} // namespace shapes

int main(int argc, char **argv)
{
    std::vector<shapes::Point> points;
    for (int i = 0; i < argc * 10; i++) {
        points.push_back({i * 0.5, i * 0.25});
    }
    shapes::Square square;
    shapes::Box box;
    const shapes::Base *all[] = {&square, &box};
    int area = 0;
    for (int i = 0; i < 10; i++) {
        area += all[(i + argc) % 2]->area(i, static_cast<int>(std::strlen(argv[0])));
    }
    try {
        std::printf("%g %d\n", shapes::walk(points), area);
    } catch (const std::exception &error) {
        std::puts(error.what());
    }
}
