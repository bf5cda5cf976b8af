def whole(a, b):
    return (a + b


def after_the_mistake(x):
    return x


class Unfinished
    def method(self):
        return 1
