/** Arabic: the texts about messages that are sent later. */
export const arScheduled = {
  'later.title': 'إرسال لاحقًا',
  'later.text': 'الرسالة',
  'later.when': 'متى',
  'later.hour': 'بعد ساعة',
  'later.evening': 'هذا المساء',
  'later.morning': 'صباح الغد',
  'later.custom': 'في وقت تختاره',
  'later.moment': 'التاريخ والوقت',
  'later.submit': 'جدولة',
  'later.done': 'موعد الإرسال: {when}.',
  'later.here':
    'يرسلها هذا الجهاز. يجب أن يكون Pipit مفتوحًا عليه حينها، وإلا تُرسل عند فتحه في المرة القادمة.',
  'later.error.empty': 'اكتب شيئًا.',
  'later.error.none': 'اختر تاريخًا ووقتًا.',
  'later.error.past': 'مضى هذا الوقت.',
  'later.error.far': 'هذا الموعد بعيد جدًا.',

  'scheduled.title': 'الرسائل المجدولة',
  'scheduled.text': 'يرسلها الخادم في موعدها سواء كنت هنا أم لا. أنت وحدك تراها.',
  'scheduled.here':
    'يرسلها هذا الجهاز في موعدها، أو عند فتح Pipit عليه في المرة القادمة. ليست على أي جهاز آخر من أجهزتك.',
  'scheduled.none': 'لا شيء مجدول هنا.',
  'scheduled.waiting': 'في انتظار الاتصال',
  'scheduled.files': 'تُرسل عند وصول ملفاتها، حتى لو كان ذلك لاحقًا',
  'scheduled.failed': 'لم تُرسل: {why}',
  'scheduled.change': 'تغيير',
  'scheduled.now': 'إرسال الآن',
  'scheduled.cancel': 'حذف',
} as const;
