"""Names the class folders, and tells how loaders that sort them will number the classes."""

from __future__ import annotations

from collections.abc import Container, Sequence

from augtool.plan.naming import names_in_folder, safe_folder

__all__ = ["class_folders", "order_of_loaders"]


def class_folders(classes: Sequence[str], *, is_numbered: bool = False) -> tuple[str, ...]:
    """Return safe folder names, one per class; names that collide get a hash.

    Images without classes have no folder, "". Of two that collide, the class that is called like
    its folder keeps it, whatever the order of labels; else the first by name.

    Parameters
    ----------
    classes
        Class names in the order of labels.
    is_numbered
        Put each label in front of its name, so that folders sort by label.

    Examples
    --------
    >>> class_folders(["dog", "deer"], is_numbered=True)
    ('0_dog', '1_deer')
    """
    if tuple(classes) == ("",):
        return ("",)
    if is_numbered:
        digits = len(str(len(classes) - 1))
        return tuple(safe_folder(f"{label:0{digits}}_{name}") for label, name in enumerate(classes))
    ordered = sorted(range(len(classes)), key=lambda label: _claim(classes[label]))
    ids = [classes[label] for label in ordered]
    names = [safe_folder(each) for each in ids]
    renamed = names_in_folder(names, ids, "keep", is_rewritten=False)
    folders = {
        label: renamed[place].stem if place in renamed else names[place]
        for place, label in enumerate(ordered)
    }
    return tuple(folders[label] for label in range(len(classes)))


def order_of_loaders(
    classes: Sequence[str], folders: Sequence[str], used: Container[int]
) -> list[str]:
    """Return class names in the order of their folders' names, without those that have no folder.

    torchvision, Keras and Hugging Face's imagefolder number the classes in that order.

    >>> order_of_loaders(["dog", "cat"], ["dog", "cat"], {0, 1})
    ['cat', 'dog']
    """
    labels = [label for label in range(len(classes)) if label in used]
    return [classes[label] for label in sorted(labels, key=lambda label: folders[label])]


def _claim(class_name: str) -> tuple[bool, str]:
    return safe_folder(class_name) != class_name, class_name
