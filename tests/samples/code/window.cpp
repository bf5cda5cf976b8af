#include <string>

namespace ui {

template <typename T>
class Window : public Base<T> {
public:
    Window(int w, int h) : Base<T>(w), height_{h} {
        show();
    }
    ~Window() { hide(); }

    bool operator==(const Window& other) const {
        return height_ == other.height_;
    }

private:
    int height_;
};

std::string Frame::title(const std::string& prefix) const noexcept {
    auto make = [&](int n) { return prefix + std::to_string(n); };
    return make(1);
}

}  // namespace ui

extern "C" {
int start(void) { return R"x({{{)x"[0]; }
}
