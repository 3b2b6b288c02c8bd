"""The signal that turns a recording on and off, from what people write."""
import signal

_NAMES = ('SIGUSR1', 'SIGUSR2', 'SIGHUP', 'SIGQUIT', 'SIGWINCH')


def from_text(text):
    """The number of 'SIGUSR2', 'USR2' or 'SIGRTMIN+3'."""
    name = text if text.startswith('SIG') else 'SIG' + text
    if name in _NAMES:
        return int(getattr(signal, name))
    base, plus, offset = name.partition('+')
    if base == 'SIGRTMIN' and (offset.isdigit() or not plus):
        number = int(signal.SIGRTMIN) + int(offset or 0)
        if number <= int(signal.SIGRTMAX):
            return number
    raise ValueError("'%s' will not do; give SIGUSR1, SIGUSR2, SIGHUP, SIGQUIT, SIGWINCH or SIGRTMIN+N" % text)
