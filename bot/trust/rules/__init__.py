"""Online rules: what a rater's votes say of the rater, a little after each vote.

Measures keep what was seen of one rater in constant space. Rules read measures and find something
or nothing; what follows is `actions`. None of it can change a rater's status: people ban.
"""
