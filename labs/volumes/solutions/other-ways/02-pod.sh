# The program of the writer writes the word itself.
cat > diary.yaml <<'END'
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: diary
spec:
  accessModes: ["ReadWriteOnce"]
  resources:
    requests:
      storage: 10Mi
END
cat > writer.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: writer
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c", "printf {{params.word}} > /diary/day; exec serve"]
    volumeMounts:
    - name: d
      mountPath: /diary
  volumes:
  - name: d
    persistentVolumeClaim:
      claimName: diary
END
kubectl apply -f diary.yaml -f writer.yaml
kubectl wait --for=condition=Ready pod/writer --timeout=60s
kubectl delete pod writer
cat > reader.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: reader
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    volumeMounts:
    - name: diary
      mountPath: /diary
      readOnly: true
  volumes:
  - name: diary
    persistentVolumeClaim:
      claimName: diary
END
kubectl apply -f reader.yaml
kubectl wait --for=condition=Ready pod/reader --timeout=60s
