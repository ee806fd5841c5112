"""SameSay teaches a pretrained encoder how two sentences relate, and says honestly how well it learned it."""
