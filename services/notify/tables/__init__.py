"""What notify keeps: tiers as rates computed them, directors, digests, every mail with its state, answers and settings."""

from services.notify.tables import answers as answers
from services.notify.tables import bounces as bounces
from services.notify.tables import facts as facts
from services.notify.tables import mails as mails
from services.notify.tables import replies as replies
from services.notify.tables import settings as settings
from services.notify.tables.schema import metadata as metadata
