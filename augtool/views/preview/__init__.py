"""The contact sheet: pictures as expand would write them."""
