import type { enHandover } from './en-handover';
import { arRecovery } from './ar-recovery';
import type { Translated } from './texts';

type Forms = 'zero' | 'one' | 'two' | 'few' | 'many' | 'other';

/** انظر `en-handover`. */
export const arHandover = {
  ...arRecovery,

  'handover.get.title': 'احصل على رسائلك',
  'handover.get.lead':
    'الرسائل المشفّرة محفوظة على أجهزتك لا على الخادم. يمكن لجهاز آخر من أجهزتك أن يسلّمها إلى هذا الجهاز.',
  'handover.get.steps':
    'على الجهاز الآخر افتح الإعدادات ثم الأجهزة، واختر «تسليم الرسائل إلى جهاز جديد». امسح هناك هذا الرمز أو اكتبه.',
  'handover.get.qr': 'الرمز أدناه على شكل رمز QR',
  'handover.get.code': 'الرمز',
  'handover.get.secret': 'لا تُظهر هذا الرمز لأحد غيرك.',
  'handover.get.preparing': 'يجري إنشاء رمز…',
  'handover.get.waiting': 'في انتظار جهازك الآخر…',
  'handover.get.running': 'رسائلك في الطريق',
  'handover.get.placing': {
    zero: 'لم تبقَ رسائل لوضعها في مكانها.',
    one: 'بقيت رسالة واحدة لوضعها في مكانها.',
    two: 'بقيت رسالتان لوضعهما في مكانهما.',
    few: 'بقيت {count} رسائل لوضعها في مكانها.',
    many: 'بقيت {count} رسالة لوضعها في مكانها.',
    other: 'بقيت {count} رسالة لوضعها في مكانها.',
  },
  'handover.get.done': {
    zero: 'لم يكن لدى الجهاز الآخر ما يمكن لهذا الجهاز استخدامه.',
    one: 'وصلت رسالة واحدة من جهازك الآخر.',
    two: 'وصلت رسالتان من جهازك الآخر.',
    few: 'وصلت {count} رسائل من جهازك الآخر.',
    many: 'وصلت {count} رسالة من جهازك الآخر.',
    other: 'وصلت {count} رسالة من جهازك الآخر.',
  },
  'handover.get.nothing': 'لم يكن لدى الجهاز الآخر ما يمكن لهذا الجهاز استخدامه.',
  'handover.get.keep': 'يمكنك متابعة استخدام Pipit في أثناء ذلك. وإذا أُغلق فسيتابع في المرة القادمة.',
  'handover.get.again': 'إنشاء رمز جديد',
  'handover.get.stop': 'إيقاف',
  'handover.get.later': 'ليس الآن',
  'handover.failed.expired':
    'لم يستخدم أحد الرمز في الوقت المناسب، أو رفضه جهاز آخر. أنشئ رمزًا جديدًا عندما يكون جهازك الآخر في متناول يدك.',
  'handover.failed.gone': 'توقّف الطرف الآخر. ما وصل حتى الآن يبقى.',
  'handover.failed.damaged': 'لا يمكن قراءة ما وصل: لقد غُيّر في الطريق. حاول مرة أخرى برمز جديد.',

  'handover.give.title': 'تسليم الرسائل إلى جهاز جديد',
  'handover.give.lead':
    'اكتب أو امسح الرمز الذي يعرضه جهازك الجديد. بذلك تعتمده، ويحصل على ما يستطيع هذا الجهاز قراءته من محادثاتك المشفّرة.',
  'handover.give.code': 'رمز الجهاز الجديد',
  'handover.give.code.hint': 'سبع مجموعات من أربعة أحرف وأرقام.',
  'handover.give.check': 'متابعة',
  'handover.give.scan': 'المسح بالكاميرا',
  'handover.give.scan.stop': 'إيقاف الكاميرا',
  'handover.give.scan.aim': 'وجّه الكاميرا إلى الرمز على جهازك الجديد.',
  'handover.give.who': 'يطلب {name} رسائلك. طلبها {when}.',
  'handover.give.sure':
    'لا توافق إلا على جهاز تملكه وتراه أمامك. سيستطيع قراءة كل ما يستطيع هذا الجهاز قراءته.',
  'handover.give.approve': 'موافقة',
  'handover.give.decline': 'ليس جهازي',
  'handover.give.declined': 'لم يُسلَّم شيء. إذا كنت لا تعرف ذلك الجهاز فسجّل خروجه من هنا.',
  'handover.give.running': 'التسليم إلى {name}',
  'handover.give.keep': 'أبقِ Pipit مفتوحًا على هذا الجهاز حتى ينتهي.',
  'handover.give.done': 'حصل {name} على رسائلك.',
  'handover.give.failed': 'لم تُسلَّم الرسائل إلى {name}.',

  'handover.progress': '{percent} %',
  'handover.banner.waiting': 'يطلب {name} رسائلك.',
  'handover.banner.look': 'عرض',
  'handover.banner.gap': 'لا يستطيع هذا الجهاز قراءة ما كُتب قبل انضمامه.',
  'handover.banner.get': 'الحصول عليها',
  'handover.banner.taking': 'رسائلك في الطريق: {percent} %',
  'handover.banner.giving': 'تُسلَّم الرسائل إلى {name}: {percent} %',
  'handover.settings.title': 'الرسائل المشفّرة',
  'handover.settings.text': 'لا توجد إلا على أجهزتك. يحصل عليها الجهاز الجديد من جهاز مسجّل الدخول من قبل.',
} as const satisfies Translated<typeof enHandover, Forms>;
