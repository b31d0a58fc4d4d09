"""The shapes of every array in the package, named once.

The tests check them at every call. A *token* is a word piece or a special token; a *word* is its
pieces taken together; a *unit* is a word or a special token. A *row* is a matrix that votes: one
head of a layer, or one layer. A *candidate* is a word that can be chosen.
"""

from jaxtyping import Bool, Float, Int
from numpy import ndarray

Array = ndarray

# Vectors. State 0 is the embedding output, state l + 1 the output of layer l.
HiddenStates = Float[Array, "state token hidden"]
TokenStates = Float[Array, "token hidden"]
WordStates = Float[Array, "word hidden"]
PartStates = Float[Array, "part hidden"]  # all that a recipe averages: words, or tokens
SentenceVectors = Float[Array, "sentence coordinate"]
Vector = Float[Array, "hidden"]
Mask = Bool[Array, "hidden"]  # where a trend is defined
SliceCosines = Float[Array, "slice"]

# Attention: each query's row sums to 1 over the keys.
Attentions = Float[Array, "layer head query key"]
AttentionRows = Float[Array, "row query key"]
UnitAttentions = Float[Array, "layer head unit unit"]
UnitRows = Float[Array, "row unit unit"]
UnitMatrix = Float[Array, "unit unit"]
UnitRow = Float[Array, "unit"]  # what each unit receives in one matrix

# The choice of the two words.
Received = Float[Array, "row word"]  # the attention that each word, or candidate, receives
ReceivedRow = Float[Array, "word"]
Leaders = Int[Array, "row"]  # the candidate that leads each row
Rows = Int[Array, "led"]  # the rows that the focus word leads
Ballots = Int[Array, "vote"]  # the candidate that each of them votes for
Counts = Int[Array, "word"]  # the votes for each candidate
