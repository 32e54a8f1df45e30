import type { enRecovery } from './en-recovery';
import type { Translated } from './texts';

type Forms = 'zero' | 'one' | 'two' | 'few' | 'many' | 'other';

/** انظر `en-recovery`. */
export const arRecovery = {
  'recovery.title': 'رمز الاستعادة',
  'recovery.text':
    'إذا فقدت كل أجهزتك فلا يعيد رسائلك المشفّرة إلا رمز الاستعادة. لا يستطيع ذلك أحد غيرك، ولا حتى من يدير الخادم.',
  'recovery.off': 'لا توجد نسخة احتياطية. إذا فقدت كل أجهزتك فُقدت رسائلك المشفّرة.',
  'recovery.locked': 'توجد نسخة احتياطية لا يضيف إليها هذا الجهاز. أدخل هنا رمز استعادتها ليضيف إليها.',
  'recovery.running': 'يجري نسخ رسائلك احتياطيًا…',
  'recovery.restoring': 'رسائلك قادمة من النسخة الاحتياطية',
  'recovery.kept': 'نُسخت احتياطيًا {when}',
  'recovery.size': 'تشغل النسخة الاحتياطية {size} من مساحتك على الخادم.',
  'recovery.failed': 'لم تُنسخ احتياطيًا: {why}',
  'recovery.make': 'إنشاء رمز استعادة',
  'recovery.replace': 'إنشاء رمز جديد',
  'recovery.enter': 'إدخال رمز الاستعادة',
  'recovery.end': 'إيقاف النسخ الاحتياطي',
  'recovery.end.title': 'إيقاف النسخ الاحتياطي؟',
  'recovery.end.text':
    'تُمحى النسخة من الخادم، ولا يعود الرمز يفتح شيئًا. إذا فقدت بعد ذلك كل أجهزتك فُقدت رسائلك المشفّرة.',
  'recovery.ended': 'مُحيت النسخة الاحتياطية.',
  'recovery.make.lead': 'اكتب هذا الرمز واحفظه حيث تجده من دون أجهزتك. لا يُعرض إلا هذه المرة.',
  'recovery.make.replaces': 'يحل محل الرمز الذي لديك. لن يعود القديم يفتح شيئًا.',
  'recovery.make.secret': 'من لديه الرمز وكلمة مرورك يستطيع قراءة رسائلك المشفّرة.',
  'recovery.make.code': 'رمز الاستعادة',
  'recovery.make.next': 'كتبته',
  'recovery.check.lead': 'للتأكد، اكتب مجموعتين من مجموعاته.',
  'recovery.check.group': 'المجموعة {number}',
  'recovery.check.wrong': 'ليس هذا ما كان مكتوبًا. انظر إلى ما كتبته، أو ارجع.',
  'recovery.check.back': 'عرض الرمز مرة أخرى',
  'recovery.check.done': 'تشغيل النسخ الاحتياطي',
  'recovery.made': 'النسخ الاحتياطي يعمل. يبقيه هذا الجهاز محدَّثًا.',
  'recovery.enter.lead':
    'اكتب الرمز الذي كتبته عندما شغّلت النسخ الاحتياطي. ستصل رسائلك عندئذ إلى هذا الجهاز.',
  'recovery.enter.none':
    'لا توجد نسخة احتياطية على الخادم. ما لم تكن تقرؤه إلا أجهزتك المفقودة لا يمكن استعادته؛ وكل ما يُكتب من الآن موجود هنا.',
  'recovery.enter.code': 'رمز الاستعادة',
  'recovery.enter.done': 'استعادة رسائلي',
  'recovery.entered': 'الرمز صحيح. رسائلك في الطريق.',
  'recovery.instead': 'استخدام رمز الاستعادة بدلًا من ذلك',
} as const satisfies Translated<typeof enRecovery, Forms>;
