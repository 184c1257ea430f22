"""Picture files to the input X and the reference, as the forum script does it.

Importing this room is cheap: numpy and OpenCV are loaded when the first picture is decoded.
"""

from gradcheck_cli.images.arranged import as_references as as_references, as_samples as as_samples
from gradcheck_cli.images.inputs import (
    LoadedInput as LoadedInput,
    batch_of as batch_of,
    channel_names as channel_names,
    count_samples as count_samples,
    gray_batch_of as gray_batch_of,
    read_pictures as read_pictures,
    reference_picture as reference_picture,
    references_of as references_of,
)
from gradcheck_cli.images.picture import Picture as Picture
