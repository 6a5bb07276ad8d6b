"""From folders of films to rows that training and evaluation trust."""
