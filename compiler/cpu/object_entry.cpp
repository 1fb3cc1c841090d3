//===- object_entry.cpp - a program as one function of an object file ----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   int NAME([n,] inputs…, outputs…, workspace [, workers, parallel_for, host])
//     if n < the least size: return Usage
//     fill the frame: the pointers, the arena, the workers' memory, …
//     dispatch: the first variant that the machine offers, else return Machine
//     for each launch of the variant: NAME.launchI(frame)
//     return whether a kernel has reported an index out of range
//
//   NAME.launchI(frame)
//     buffers and descriptor on the stack (a descriptor that no size changes is a constant)
//     KERNEL(buffers, descriptor, workspace, 0, tasks)
//       or, with more than one worker: parallel_for(host, tasks, workers, NAME.run.KERNEL, context)
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/object_entry.h"

#include "compiler/cpu/codegen.h"
#include "compiler/cpu/machine_code.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Object/ELFObjectFile.h"

#include <map>

namespace ricci {

void setBaseline(llvm::Function &function) {
  function.addFnAttr(llvm::Attribute::NoUnwind);
  function.addFnAttr("target-cpu", "x86-64");
}

namespace {

/// Values of ricci_status (frontend/api/c_api.h).
enum Result : uint32_t { kFine = 0, kInputWrong = 1, kUsageWrong = 2, kMachineLacks = 3 };

class EntryBuilder {
public:
  EntryBuilder(llvm::Module &module, const std::vector<ObjectVariant> &variants, size_t inputs,
               size_t outputs, const ObjectOptions &options)
      : module_(module), variants_(variants), inputs_(inputs), outputs_(outputs), options_(options),
        b_(module.getContext()), pointer_(b_.getPtrTy()), i64_(b_.getInt64Ty()),
        i32_(b_.getInt32Ty()) {}

  void build();

private:
  /// What launches read: 8 bytes each, behind the pointers of inputs and outputs.
  enum Slot { Arena, Workers, Status, Size, WorkerCount, ParallelFor, Host, SlotCount };

  bool sized() const { return !options_.sizes.empty(); }
  unsigned slot(Slot slot) const { return unsigned(inputs_ + outputs_) + slot; }
  llvm::FunctionType *launchType() {
    return llvm::FunctionType::get(b_.getVoidTy(), {pointer_}, false);
  }
  /// runtime/executable.h: KernelFn.
  llvm::FunctionType *kernelType() {
    return llvm::FunctionType::get(b_.getVoidTy(), {pointer_, pointer_, pointer_, i64_, i64_},
                                   false);
  }
  /// What a parallel_for calls: context, begin, end, worker.
  llvm::FunctionType *runType() {
    return llvm::FunctionType::get(b_.getVoidTy(), {pointer_, i64_, i64_, i32_}, false);
  }
  llvm::Function *internal(llvm::FunctionType *type, const llvm::Twine &name) {
    auto *function =
        llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, name, module_);
    setBaseline(*function);
    return function;
  }
  llvm::BasicBlock *block(llvm::Function *function, const char *name = "") {
    return llvm::BasicBlock::Create(module_.getContext(), name, function);
  }
  llvm::Value *fieldOf(llvm::Value *frame, unsigned index) {
    return b_.CreateConstInBoundsGEP1_64(i64_, frame, index);
  }
  llvm::Value *load(llvm::Type *type, llvm::Value *frame, unsigned index) {
    return b_.CreateAlignedLoad(type, fieldOf(frame, index), llvm::Align(8));
  }
  void store(llvm::Value *value, llvm::Value *frame, unsigned index) {
    b_.CreateAlignedStore(value, fieldOf(frame, index), llvm::Align(8));
  }
  llvm::Value *valueOf(const SizeTerm &term, llvm::Value *size);
  llvm::Value *valueOf(const SizeFormula &formula, llvm::Value *size);
  llvm::Constant *constantBytes(llvm::ArrayRef<uint8_t> bytes);
  llvm::Value *descriptor(const ObjectLaunch &launch, llvm::Value *size);
  llvm::Value *place(const ObjectBuffer &buffer, const ObjectVariant &variant, llvm::Value *frame,
                     llvm::Value *size);
  /// Runs a kernel on a part of a launch: context is buffers, descriptor, memory of all workers,
  /// and how much one has.
  llvm::Function *runner(llvm::Function *kernel, const std::string &prefix);
  llvm::Function *launch(const ObjectLaunch &launch, const ObjectVariant &variant,
                         const std::string &prefix, size_t number);
  llvm::Function *run(const ObjectVariant &variant, const std::string &prefix);

  llvm::Module &module_;
  const std::vector<ObjectVariant> &variants_;
  size_t inputs_, outputs_;
  const ObjectOptions &options_;
  llvm::IRBuilder<> b_;
  llvm::Type *pointer_, *i64_, *i32_;
  std::map<llvm::Function *, llvm::Function *> runners_;
  std::map<std::vector<uint8_t>, llvm::Constant *> constants_;
};

llvm::Value *EntryBuilder::valueOf(const SizeTerm &term, llvm::Value *size) {
  if (term.isConstant())
    return b_.getInt64(uint64_t(term.add));
  auto number = [&](int64_t value) { return b_.getInt64(uint64_t(value)); };
  llvm::Value *value = b_.CreateAdd(b_.CreateMul(size, number(term.factor)), number(term.offset));
  if (term.divisor != 1)
    value = b_.CreateUDiv(b_.CreateAdd(value, number(term.divisor - 1)), number(term.divisor));
  if (term.cap != INT64_MAX)
    value = b_.CreateSelect(b_.CreateICmpSLT(value, number(term.cap)), value, number(term.cap));
  return b_.CreateAdd(b_.CreateMul(value, number(term.mul)), number(term.add));
}

llvm::Value *EntryBuilder::valueOf(const SizeFormula &formula, llvm::Value *size) {
  return valueOf(SizeTerm{formula.constant, formula.factor ? 1 : 0, formula.factor}, size);
}

llvm::Constant *EntryBuilder::constantBytes(llvm::ArrayRef<uint8_t> bytes) {
  llvm::Constant *&known = constants_[bytes.vec()];
  if (known)
    return known;
  auto *data = llvm::ConstantDataArray::get(module_.getContext(), bytes);
  auto *global =
      new llvm::GlobalVariable(module_, data->getType(), /*isConstant=*/true,
                               llvm::GlobalValue::PrivateLinkage, data, options_.name + ".data");
  global->setAlignment(llvm::Align(64));
  return known = global;
}

llvm::Value *EntryBuilder::descriptor(const ObjectLaunch &launch, llvm::Value *size) {
  bool constant = llvm::all_of(launch.descriptor, [](const SizeTerm &t) { return t.isConstant(); });
  if (constant) {
    std::vector<uint64_t> words;
    for (const SizeTerm &term : launch.descriptor)
      words.push_back(uint64_t(term.add));
    return constantBytes({reinterpret_cast<const uint8_t *>(words.data()), words.size() * 8});
  }
  llvm::Value *words = b_.CreateAlloca(llvm::ArrayType::get(i64_, launch.descriptor.size()));
  for (auto [i, term] : llvm::enumerate(launch.descriptor))
    store(valueOf(term, size), words, unsigned(i));
  return words;
}

llvm::Value *EntryBuilder::place(const ObjectBuffer &buffer, const ObjectVariant &variant,
                                 llvm::Value *frame, llvm::Value *size) {
  llvm::Value *base = nullptr;
  switch (buffer.kind) {
  case BufferRef::Kind::Input:
    base = load(pointer_, frame, unsigned(buffer.index));
    break;
  case BufferRef::Kind::Output:
    base = load(pointer_, frame, unsigned(inputs_ + size_t(buffer.index)));
    break;
  case BufferRef::Kind::Arena:
    base = load(pointer_, frame, slot(Arena));
    break;
  case BufferRef::Kind::Constant:
    base = constantBytes(variant.constants[size_t(buffer.index)]);
    break;
  case BufferRef::Kind::Status:
    base = load(pointer_, frame, slot(Status));
    break;
  case BufferRef::Kind::Block:
    llvm_unreachable("objects have no chains");
  }
  return b_.CreateGEP(b_.getInt8Ty(), base, valueOf(buffer.byteOffset, size));
}

llvm::Function *EntryBuilder::runner(llvm::Function *kernel, const std::string &prefix) {
  llvm::Function *&known = runners_[kernel];
  if (known)
    return known;
  known = internal(runType(), prefix + ".run." + kernel->getName());
  llvm::IRBuilderBase::InsertPointGuard guard(b_);
  b_.SetInsertPoint(block(known));
  llvm::Value *context = known->getArg(0);
  llvm::Value *worker = b_.CreateSExt(known->getArg(3), i64_);
  llvm::Value *memory = b_.CreateGEP(b_.getInt8Ty(), load(pointer_, context, 2),
                                     b_.CreateMul(worker, load(i64_, context, 3)));
  b_.CreateCall(kernelType(), kernel,
                {load(pointer_, context, 0), load(pointer_, context, 1), memory, known->getArg(1),
                 known->getArg(2)});
  b_.CreateRetVoid();
  return known;
}

llvm::Function *EntryBuilder::launch(const ObjectLaunch &launch, const ObjectVariant &variant,
                                     const std::string &prefix, size_t number) {
  llvm::Function *kernel = module_.getFunction(launch.kernel);
  llvm::Function *function = internal(launchType(), prefix + ".launch" + llvm::Twine(number));
  b_.SetInsertPoint(block(function));
  llvm::Value *frame = function->getArg(0), *size = load(i64_, frame, slot(Size));
  llvm::Value *buffers = b_.CreateAlloca(llvm::ArrayType::get(pointer_, launch.buffers.size()));
  for (auto [i, buffer] : llvm::enumerate(launch.buffers))
    store(place(buffer, variant, frame, size), buffers, unsigned(i));
  llvm::Value *words = descriptor(launch, size), *tasks = valueOf(launch.tasks, size);
  llvm::Value *memory = load(pointer_, frame, slot(Workers));
  auto *alone = block(function, "alone"), *done = block(function, "done");
  bool mayBeParallel = options_.parallel &&
                       (!launch.tasks.isConstant() || launch.tasks.add / launch.tasksPerWorker > 1);
  if (mayBeParallel) {
    // As Executable::run: as many workers as have something to do that is worth it.
    llvm::Value *worth = b_.CreateUDiv(tasks, b_.getInt64(uint64_t(launch.tasksPerWorker)));
    llvm::Value *given = b_.CreateSExt(load(i32_, frame, slot(WorkerCount)), i64_);
    llvm::Value *workers = b_.CreateSelect(b_.CreateICmpSLT(worth, given), worth, given);
    llvm::Value *host = load(pointer_, frame, slot(ParallelFor));
    auto *together = block(function, "together");
    llvm::Value *context = b_.CreateAlloca(llvm::ArrayType::get(i64_, 4));
    b_.CreateCondBr(
        b_.CreateAnd(b_.CreateICmpSGT(workers, b_.getInt64(1)), b_.CreateIsNotNull(host)), together,
        alone);
    b_.SetInsertPoint(together);
    store(buffers, context, 0), store(words, context, 1), store(memory, context, 2);
    store(valueOf(variant.workerBytes, size), context, 3);
    auto *type =
        llvm::FunctionType::get(b_.getVoidTy(), {pointer_, i64_, i32_, pointer_, pointer_}, false);
    b_.CreateCall(type, host,
                  {load(pointer_, frame, slot(Host)), tasks, b_.CreateTrunc(workers, i32_),
                   runner(kernel, prefix), context});
    b_.CreateBr(done);
  } else {
    b_.CreateBr(alone);
  }
  b_.SetInsertPoint(alone);
  b_.CreateCall(kernelType(), kernel, {buffers, words, memory, b_.getInt64(0), tasks});
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
  b_.CreateRetVoid();
  return function;
}

llvm::Function *EntryBuilder::run(const ObjectVariant &variant, const std::string &prefix) {
  std::vector<llvm::Function *> launches;
  for (auto [i, each] : llvm::enumerate(variant.launches))
    if (!each.tasks.isConstant() || each.tasks.add > 0)
      launches.push_back(launch(each, variant, prefix, i));
  llvm::Function *function = internal(launchType(), prefix + ".run");
  b_.SetInsertPoint(block(function));
  llvm::Value *frame = function->getArg(0), *size = load(i64_, frame, slot(Size));
  llvm::Value *arena = load(pointer_, frame, slot(Arena));
  store(b_.CreateGEP(b_.getInt8Ty(), arena, valueOf(variant.arenaBytes, size)), frame,
        slot(Workers));
  for (llvm::Function *launch : launches)
    b_.CreateCall(launch, {frame});
  b_.CreateRetVoid();
  return function;
}

void EntryBuilder::build() {
  std::vector<llvm::Function *> runs;
  std::vector<const Target *> targets;
  for (auto [i, variant] : llvm::enumerate(variants_)) {
    std::string suffix = variants_.size() > 1 ? "." + std::to_string(i) : "";
    runs.push_back(run(variant, options_.name + suffix));
    targets.push_back(variant.target);
  }
  llvm::Function *dispatch = emitDispatch(module_, options_.name + ".cpu", targets);

  std::vector<llvm::Type *> types;
  if (sized())
    types.push_back(i64_);
  types.insert(types.end(), inputs_ + outputs_ + 1, pointer_);
  if (options_.parallel)
    types.insert(types.end(), {i32_, pointer_, pointer_});
  auto *entry = llvm::Function::Create(llvm::FunctionType::get(i32_, types, false),
                                       llvm::GlobalValue::ExternalLinkage, options_.name, module_);
  setBaseline(*entry);
  llvm::Argument *argument = entry->arg_begin();
  b_.SetInsertPoint(block(entry));
  llvm::Value *frame = b_.CreateAlloca(llvm::ArrayType::get(i64_, slot(SlotCount)));
  constexpr unsigned kStatusWords = sizeof(LaunchStatus) / 8;
  llvm::Value *status = b_.CreateAlloca(llvm::ArrayType::get(i64_, kStatusWords));
  for (unsigned i = 0; i < kStatusWords; ++i)
    store(b_.getInt64(0), status, i);
  llvm::Value *size = sized() ? argument++ : static_cast<llvm::Value *>(b_.getInt64(0));
  store(size, frame, slot(Size));
  for (unsigned i = 0; i < inputs_ + outputs_; ++i)
    store(argument++, frame, i);
  store(argument++, frame, slot(Arena));
  store(status, frame, slot(Status));
  if (options_.parallel)
    for (Slot each : {WorkerCount, ParallelFor, Host})
      store(argument++, frame, slot(each));
  auto give = [&](Result result) { b_.CreateRet(b_.getInt32(result)); };
  if (sized()) {
    auto *wrong = block(entry, "wrong"), *right = block(entry, "right");
    b_.CreateCondBr(b_.CreateICmpSLT(size, b_.getInt64(uint64_t(options_.leastSize))), wrong,
                    right);
    b_.SetInsertPoint(wrong);
    give(kUsageWrong);
    b_.SetInsertPoint(right);
  }
  auto *none = block(entry, "none"), *done = block(entry, "done");
  llvm::SwitchInst *choose = b_.CreateSwitch(b_.CreateCall(dispatch), none, unsigned(runs.size()));
  for (auto [i, function] : llvm::enumerate(runs)) {
    auto *chosen = block(entry, "variant");
    choose->addCase(b_.getInt32(uint32_t(i)), chosen);
    b_.SetInsertPoint(chosen);
    b_.CreateCall(function, {frame});
    b_.CreateBr(done);
  }
  b_.SetInsertPoint(none);
  give(kMachineLacks);
  b_.SetInsertPoint(done);
  b_.CreateRet(b_.CreateZExt(b_.CreateIsNotNull(load(i64_, status, 0)), i32_));
}

/// An error unless the object has `name` as its one global symbol and refers to no other.
Status checkSymbols(const std::string &object, const std::string &name) {
  auto file = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(object, name));
  if (!file)
    return internalError("an object cannot be read: " + toString(file.takeError()));
  std::string others;
  bool found = false;
  for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
    auto flags = symbol.getFlags();
    auto spelled = symbol.getName();
    if (!flags || !spelled)
      return internalError("an object's symbols cannot be read");
    if (!(*flags & (llvm::object::SymbolRef::SF_Global | llvm::object::SymbolRef::SF_Undefined)) ||
        spelled->empty())
      continue;
    if (*spelled == name && !(*flags & llvm::object::SymbolRef::SF_Undefined))
      found = true;
    else
      others += " " + spelled->str();
  }
  if (!others.empty())
    return internalError("an object has other symbols than its function:" + others);
  if (!found)
    return internalError("an object lacks its function " + name);
  return success();
}

} // namespace

Expected<std::string> emitProgramObject(llvm::LLVMContext &context,
                                        std::vector<ObjectVariant> variants, size_t inputs,
                                        size_t outputs, const ObjectOptions &options) {
  auto base = resolveTarget("x86-64");
  if (!base)
    return std::move(base.error());
  auto module = std::make_unique<llvm::Module>("ricci", context);
  {
    TargetMachineLease machine(**base);
    module->setTargetTriple(machine->getTargetTriple());
    module->setDataLayout(machine->createDataLayout());
  }
  for (auto [i, variant] : llvm::enumerate(variants)) {
    if (!variant.kernels)
      continue;
    std::map<std::string, std::string> renamed;
    for (llvm::Function &function : *variant.kernels)
      if (!function.isDeclaration() && !function.hasLocalLinkage()) {
        // No other variant's and no user's function has this name.
        std::string name = llvm::formatv("{0}.{1}.{2}", options.name, i, function.getName());
        renamed[function.getName().str()] = name;
        function.setName(name);
      }
    for (ObjectLaunch &launch : variant.launches)
      launch.kernel = renamed[launch.kernel];
    if (llvm::Linker::linkModules(*module, std::move(variant.kernels)))
      return internalError("the kernels of an object cannot be linked");
  }
  for (llvm::Function &function : *module)
    if (!function.isDeclaration())
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
  EntryBuilder(*module, variants, inputs, outputs, options).build();
  std::string defect;
  llvm::raw_string_ostream stream(defect);
  if (llvm::verifyModule(*module, &stream))
    return internalError("LLVM IR of an object is invalid: " + defect);
  auto object = emitObject(*module, **base);
  if (!object)
    return object;
  if (Status s = checkSymbols(*object, options.name); !s)
    return std::move(s.error());
  return object;
}

} // namespace ricci
