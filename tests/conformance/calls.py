"""Which public methods of a client were called: every one that reaches the server must be, so that a release with a new one is seen.

with_calls = Calls(Client, Collection)   # before the client is made
...
with_calls.check(but={"Client.close"})   # AssertionError names those that nobody called
"""
import functools
import inspect


class Calls:
    def __init__(self, *kinds):
        self.wanted, self.called = set(), set()
        for kind in kinds:
            for name in dir(kind):
                method = inspect.getattr_static(kind, name)
                if not name.startswith("_") and inspect.isfunction(method):
                    setattr(kind, name, self.counted(f"{kind.__name__}.{name}", method))

    def counted(self, name, method):
        self.wanted.add(name)

        @functools.wraps(method)
        def call(*args, **kwargs):
            self.called.add(name)
            return method(*args, **kwargs)
        return call

    def check(self, but=()):
        """but: what never reaches the server."""
        assert self.wanted >= set(but), set(but) - self.wanted
        missing = self.wanted - self.called - set(but)
        assert not missing, f"never called: {sorted(missing)}"
