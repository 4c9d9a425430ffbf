"""One small protocol or base class per plugin kind."""
