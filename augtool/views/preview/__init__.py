"""The contact sheet: images as expand would write them."""
