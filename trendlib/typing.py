"""The shapes of every array in the package, named once.

``hidden_states[l]``, l = 0..L: 0 is the embedding output, l the output of block l - 1.
``attentions[l]``, l = 0..L-1, is block l, whose output is ``hidden_states[l + 1]``.
Rows of an attention matrix are queries, columns are keys. A *token* is a word piece;
a *word* is its pieces put together; a *unit* is a word or a special token.
"""

from jaxtyping import Bool, Float, Int
from numpy import ndarray

Array = ndarray

HiddenStates = Float[Array, "state token hidden"]
TokenStates = Float[Array, "token hidden"]
WordStates = Float[Array, "word hidden"]
SentenceVectors = Float[Array, "sentence coordinate"]
Vector = Float[Array, "hidden"]
Mask = Bool[Array, "hidden"]
SliceCosines = Float[Array, "slice"]

Attentions = Float[Array, "layer head query key"]
AttentionRows = Float[Array, "row query key"]
UnitAttentions = Float[Array, "layer head unit unit"]
UnitMatrix = Float[Array, "unit unit"]
UnitRows = Float[Array, "row unit unit"]
UnitRow = Float[Array, "unit"]

Received = Float[Array, "row word"]
ReceivedRow = Float[Array, "word"]
Leaders = Int[Array, "row"]
Counts = Int[Array, "word"]
Rows = Int[Array, "led"]
Ballots = Int[Array, "vote"]
