"""What the pages share: filters and their place in the URL, asking metrics, words for numbers, widgets."""
