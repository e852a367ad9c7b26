"""The HTTP side: metrics, health, status page, API, stream.

Rule of the room: it answers from memory (Overview) or asks the stored watches (Backend); it decides
nothing. Whatever a client does, the decision loop does not notice.
"""
