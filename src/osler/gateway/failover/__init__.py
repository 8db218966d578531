"""Step 6 when model servers fail or are busy: balancing, retries, breakers, hedging, a WAN that is down, a queue.

A request has its permitted targets in the order of preference. Nothing of a call is given out before its first real
piece; once anything was, no other server takes over, so that no answer is ever a mix of two.
"""

from osler.gateway.failover.calls import Failover, TargetState
from osler.gateway.failover.trail import Attempted, Trail

__all__ = ["Attempted", "Failover", "TargetState", "Trail"]
