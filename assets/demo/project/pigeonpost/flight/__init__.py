"""What happens between the two lofts."""
